/** What a turn of a session is given: the agent's own services, and what belongs to this life of it. */

import { AppError } from '../../wire/errors';
import type { TurnPorts } from '../loop/ports';
import { newStreamSecret } from '../models/hub-names';
import type { Host } from './host';

export async function turnPorts(
	host: Host,
	sessionId: string,
	{
		isGivenAway,
		...life
	}: Pick<TurnPorts, 'park' | 'steering'> & {
		/** Another device runs this turn: whatever this one would still write is refused. */
		readonly isGivenAway: () => boolean;
	}
): Promise<TurnPorts> {
	const { record } = await host.repository.load(sessionId);
	const writer = await host.writer(sessionId);
	return {
		...host.ports,
		device: host.device,
		epoch: host.epoch,
		store: host.store,
		session: {
			...writer,
			commit: (build) =>
				isGivenAway() ? Promise.reject(new AppError('storage/stale-epoch')) : writer.commit(build)
		},
		models: host.providers.models,
		skills: host.catalog,
		...life,
		loadBlob: async (file) => {
			const row = await host.store.get('blobs', file.blob);
			return typeof row === 'object' && row !== null && 'bytes' in row && row.bytes instanceof Uint8Array
				? new Uint8Array(row.bytes)
				: undefined;
		},
		// A temporary session leaves no trace, at the edge neither.
		...(record.temporary ? {} : { newStreamSecret: () => newStreamSecret(host.ports.random.bytes(32)) }),
		policy: () => ({
			stance: host.policy.stance(),
			rules: host.policy.rules(),
			interactive: true,
			principal: 'user'
		}),
		systemPrompt: host.systemPrompt
	};
}
