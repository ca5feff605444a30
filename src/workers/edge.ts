/**
 * The Worker's entry: SvelteKit's handler, and before it the relay and its hubs. Durable Object
 * and Workflow classes, `scheduled`, `queue` and `email` are exported from here.
 */

import kit from '#kit';
import { serve } from '../lib/edge/front.server';

export { BackupBox } from '../lib/edge/backup/box.server';
export { RelayHome } from '../lib/edge/home/home.server';
export { StreamHub } from '../lib/edge/hub/hub.server';
export { MeetingPlace } from '../lib/edge/meeting/meeting.server';
export { ShareRoom } from '../lib/edge/share/room.server';
export { SyncRoom } from '../lib/edge/room/room.server';

export default {
	fetch(request: Request, env: Env, context: App.Platform['ctx']): Promise<Response> {
		return serve(request, env, context, () => kit.fetch(request, env, context));
	}
};
