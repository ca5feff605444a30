/**
 * What a removal carries: the secret of the next epoch, sealed to everybody who stays. It is made as the envelope is
 * sealed, anew each time, and kept nowhere: its author too learns it from the log, once it stands there.
 */

import { wrapEpoch } from '../home/agreement-key';
import type { WrappedKey } from '../../wire/sync';
import type { LogPlace } from './log';
import type { Draft } from './replica';

export async function withKeys(draft: Draft, room: string, members: LogPlace['members']): Promise<Draft> {
	const { purpose } = draft;
	if (purpose.kind !== 'remove') return draft;
	const { kid: gone, epoch } = purpose;
	const secret = crypto.getRandomValues(new Uint8Array(32));
	const staying = Object.entries(members).filter(([kid, { isRemoved }]) => !isRemoved && kid !== gone);
	const keys = await Promise.all(
		staying.map(
			async ([kid, { agree }]): Promise<WrappedKey> =>
				// Whose key nothing can be sealed to reads nothing anyway, and must not keep anybody from going.
				(await wrapEpoch({ kid, agree }, secret, room, epoch)) ?? { kid, ephemeral: '', sealed: '' }
		)
	);
	return { ...draft, purpose: { ...purpose, keys } };
}
