/** Canonical UUIDs as 16 bytes, which is less than half of their text. */

const hexValues = new Int8Array(128).fill(-1);
for (let i = 0; i < 16; i++) hexValues['0123456789abcdef'.charCodeAt(i)] = i;
const hexPairs = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** False, and nothing certain written, where `id` is no lower-case UUID. */
export function writeUuid(id: string, out: Uint8Array, at: number): boolean {
	if (id.length !== 36) return false;
	let to = at;
	for (let i = 0; i < 36; i += 2) {
		if (i === 8 || i === 13 || i === 18 || i === 23) {
			if (id.charCodeAt(i) !== 45) return false;
			i++;
		}
		const high = hexValues[id.charCodeAt(i)] ?? -1;
		const low = hexValues[id.charCodeAt(i + 1)] ?? -1;
		if (high < 0 || low < 0) return false;
		out[to++] = high * 16 + low;
	}
	return true;
}

export function readUuid(bytes: Uint8Array, at: number): string {
	let text = '';
	for (let i = 0; i < 16; i++) {
		if (i === 4 || i === 6 || i === 8 || i === 10) text += '-';
		text += hexPairs[bytes[at + i] ?? 0] ?? '00';
	}
	return text;
}

/** A hash of any id: FNV-1a over its code units. */
export function hashId(id: string): number {
	let hash = 0x811c9dc5;
	for (let i = 0; i < id.length; i++) hash = Math.imul(hash ^ id.charCodeAt(i), 0x01000193);
	return hash >>> 0;
}
