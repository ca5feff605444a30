/**
 * A snapshot's text, made small before it is sealed: what people write shrinks to a third and less, and every
 * newcomer, the room and a device's hourly allowance carry the rest. Packed as one, as parts of it repeat each
 * other; what comes out of sealing is padded, so that its length tells little more than before.
 */

import { fromBase64Url, toBase64Url } from '../../wire/base64';
import type { Snapshot } from './replica';

/** No JSON begins with it: what is not packed is read as it is. */
const mark = 'z';
/** More than any home has; a member that packs zeros is stopped here. */
const mostBytes = 512 * 1024 * 1024;

export async function packSnapshot(snapshot: Snapshot): Promise<Snapshot> {
	const deflated = new Blob([snapshot.text]).stream().pipeThrough(new CompressionStream('deflate-raw'));
	const bytes = new Uint8Array(await new Response(deflated).arrayBuffer());
	return { ...snapshot, text: mark + toBase64Url(bytes), isPlain: true };
}

/** Undefined where it is damaged, or longer than anybody means. */
export async function unpackSnapshot(packed: string): Promise<string | undefined> {
	if (!packed.startsWith(mark)) return packed;
	const bytes = fromBase64Url(packed.slice(mark.length));
	if (bytes === undefined) return undefined;
	const reader = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate-raw')).getReader();
	const decoder = new TextDecoder();
	const texts: string[] = [];
	let length = 0;
	try {
		for (;;) {
			const { done, value } = await reader.read();
			if (done) return texts.join('') + decoder.decode();
			length += value.length;
			if (length > mostBytes) throw new RangeError('too long');
			texts.push(decoder.decode(value, { stream: true }));
		}
	} catch {
		void reader.cancel().catch(() => undefined);
		return undefined;
	}
}
