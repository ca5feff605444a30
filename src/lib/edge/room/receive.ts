/**
 * One frame from a device: parsed, its signatures checked, then handed to the room. Knows no socket; what it
 * answers is on its way only once `hasStored` is on disk.
 */

import { verifyEnvelope } from '../../agent/sync/signature';
import { fromBase64Url, verifyDevice, type DevicePublicKey } from '../../wire/device';
import { parseJson } from '../../wire/json';
import { fromDevice, helloText, maxFrame, type Envelope, type FromRoom } from '../../wire/sync';
import type { Room } from './room';
import {
	closeCodes,
	onBasis,
	onEnvelope,
	onGot,
	onHello,
	onKept,
	putOff,
	refuse,
	type Said,
	type SocketPlace
} from './socket';

/** Whether a device may write this envelope now; counts it where it may. */
export type May = (kid: string, envelope: Envelope) => 'yes' | 'slow' | 'full';

/** @param now the place at this moment: others may be told things while a signature is being checked. */
export async function receive(
	room: Room,
	roomId: string,
	now: () => SocketPlace,
	frame: string,
	may: May = () => 'yes'
): Promise<Said> {
	const message = fromDevice.safeParse(frame.length > maxFrame ? undefined : parseJson(frame));
	if (!message.success) return { place: now(), send: [], close: closeCodes.protocol };
	switch (message.data.type) {
		case 'hello': {
			const { device, sig } = message.data;
			const signature = fromBase64Url(sig);
			const text = new Uint8Array(new TextEncoder().encode(helloText(roomId, now().nonce, device.kid)));
			if (signature === undefined || !(await verifyDevice(device, signature, text)))
				return { place: now(), send: [], close: closeCodes.protocol };
			return onHello(room, now(), message.data);
		}
		case 'push':
			return pushed(room, now, message.data.envelopes, may);
		case 'got':
			return { place: onGot(now(), message.data.seq), send: [] };
		case 'basis':
		case 'kept': {
			if (!mayRead(room, now())) return { place: now(), send: [], close: closeCodes.notMember };
			const answer = message.data.type === 'basis' ? onBasis : onKept;
			return answer(room, now(), message.data.after);
		}
		case 'ping':
			return { place: now(), send: [{ type: 'pong' }] };
	}
}

async function pushed(
	room: Room,
	now: () => SocketPlace,
	envelopes: readonly Envelope[],
	may: May
): Promise<Said> {
	const send: FromRoom[] = [];
	let hasStored = false;
	const revoked: string[] = [];
	for (const envelope of envelopes) {
		const { kid } = now();
		// What it has already costs nothing: sending again is how a device finds out.
		const isNew = kid !== undefined && envelope.header.devSeq > room.head(kid).devSeq;
		const verdict = isNew ? may(kid, envelope) : 'yes';
		if (verdict !== 'yes') {
			send.push(...putOff(room, now(), verdict).send);
			break;
		}
		const signer = signerOf(room, envelope);
		const hash = signer === undefined ? undefined : await verifyEnvelope(envelope, signer);
		const said =
			hash === undefined && signer !== undefined
				? refuse(room, now(), envelope.header.dev)
				: onEnvelope(room, now(), envelope, hash ?? '');
		send.push(...said.send);
		hasStored ||= said.hasStored === true;
		revoked.push(...(said.revoked ?? []));
	}
	return { place: now(), send, hasStored, revoked };
}

/** Undefined: nobody who may write, which the room says itself. */
function signerOf(room: Room, { header: { dev, purpose } }: Envelope): DevicePublicKey | undefined {
	const member = room.member(dev);
	if (member !== undefined) return member.device;
	const founds = room.isEmpty() && purpose.kind === 'add' && purpose.member.device.kid === dev;
	return founds ? purpose.member.device : undefined;
}

function mayRead(room: Room, { kid }: SocketPlace): boolean {
	return kid !== undefined && room.member(kid) !== undefined;
}
