/** Reads a hub's stream as a client has to: every frame opened, every number checked. */

import { createSseScanner } from '../../src/lib/agent/models/sse';
import { fromBase64 } from '../../src/lib/wire/base64';
import { createSeal, frameKind, type Seal } from '../../src/lib/wire/hub';

export interface ReadSoFar {
	seq: number;
	bytes: Uint8Array;
	head?: { status: number; headers: [string, string][] };
	ended?: { event: string; data: string };
}

export const nothingRead = (): ReadSoFar => ({ seq: 0, bytes: new Uint8Array() });

/** Goes on where `soFar` stands. Throws at a gap, a duplicate or a frame that does not open. `limit`: bytes of the wire to take before hanging up. */
export async function readHub(
	body: ReadableStream<Uint8Array>,
	key: { secret: Uint8Array<ArrayBuffer>; id: string },
	soFar: ReadSoFar,
	limit = Infinity
): Promise<ReadSoFar> {
	const events: { data: string; event: string; id: string }[] = [];
	const scanner = createSseScanner((data, event, id) => events.push({ data, event, id }));
	const seals = new Map<string, Promise<Seal>>();
	const reader = body.getReader();
	let taken = 0;
	const pieces = [soFar.bytes];
	for (;;) {
		const { done, value } = await reader.read();
		if (done) break;
		const room = limit - taken;
		scanner.push(value.length > room ? value.subarray(0, room) : value);
		taken += value.length;
		for (const { data, event, id } of events.splice(0)) {
			if (event !== 'message') {
				soFar.ended = { event, data };
				continue;
			}
			const [epoch = '', number = ''] = id.split('-');
			const seq = Number(number);
			if (seq !== soFar.seq + 1) throw new Error(`expected ${soFar.seq + 1}, got ${seq}`);
			const seal = seals.get(epoch) ?? createSeal(key.secret, key.id, epoch);
			seals.set(epoch, seal);
			const opened = await (await seal).open(seq, fromBase64(data) ?? new Uint8Array());
			if (opened.kind === frameKind.head) soFar.head = JSON.parse(new TextDecoder().decode(opened.content));
			else pieces.push(opened.content);
			soFar.seq = seq;
		}
		if (taken >= limit) {
			await reader.cancel();
			break;
		}
	}
	soFar.bytes = joined(pieces);
	return soFar;
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
	const whole = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
	let at = 0;
	for (const piece of pieces) {
		whole.set(piece, at);
		at += piece.length;
	}
	return whole;
}

export function sameBytes(one: Uint8Array, other: Uint8Array): boolean {
	return one.length === other.length && one.every((byte, i) => byte === other[i]);
}
