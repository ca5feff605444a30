/**
 * Whether this device was removed. The room says so, and who stops at its word alone can be made to stop by any relay:
 * it shows who came and who went since, signed by members of their time, and the removal among them.
 */

import type { Envelope } from '../../wire/sync';
import type { Reading } from './read-envelopes';
import { verifyEnvelope } from './signature';

export async function isFarewell(
	{ room, replica }: Reading,
	self: string,
	envelopes: readonly Envelope[]
): Promise<boolean> {
	const members = new Map(Object.entries(replica.place().members));
	for (const envelope of envelopes) {
		const { dev, purpose, room: of } = envelope.header;
		const signer = members.get(dev);
		if (of !== room || signer === undefined || signer.isRemoved) continue;
		if ((await verifyEnvelope(envelope, signer.device)) === undefined) continue;
		if (purpose.kind === 'add' && !members.has(purpose.member.device.kid))
			members.set(purpose.member.device.kid, { ...purpose.member, isRemoved: false });
		const gone = purpose.kind === 'remove' ? members.get(purpose.kid) : undefined;
		if (gone !== undefined) members.set(gone.device.kid, { ...gone, isRemoved: true });
	}
	return members.get(self)?.isRemoved === true;
}
