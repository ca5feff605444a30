/** Whether this person's other devices hold everything too: the one place that durability asks. */

import type { Host } from '../commands/host';
import type { BackupView } from '../../wire/backup';

export async function syncState({ elsewhere }: Pick<Host, 'elsewhere'>): Promise<BackupView['sync']> {
	if (elsewhere.current === undefined) return 'no-home';
	return (await elsewhere.isInStep()) ? 'current' : 'behind';
}
