/** UUIDv7 (RFC 9562): sorts by time; within one process strictly ascending, by a counter in the random part. */

/** Randomness is fetched for 64 ids at a time: asking for 16 bytes costs as much as asking for a thousand. */
const pool = new Uint8Array(1024);
let used = pool.length;

const hexPairs = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

let lastMs = 0;
let time = '';
let counter = 0;

const hex = (byte: number): string => hexPairs[byte & 0xff] ?? '';

/** @param now milliseconds since 1970. */
export function uuidv7(now: number = Date.now()): string {
	if (used === pool.length) {
		crypto.getRandomValues(pool);
		used = 0;
	}
	const from = used;
	used += 16;
	const random = (offset: number): number => pool[from + offset] ?? 0;
	if (now > lastMs) {
		setTime(now);
		// 11 random bits leave 2,048 ids a millisecond before the counter could run over.
		counter = ((random(6) << 8) | random(7)) & 0x7ff;
	} else if (++counter > 0xfff) {
		setTime(lastMs + 1);
		counter = 0;
	}
	const count = `${hex(0x70 | (counter >> 8))}${hex(counter)}`;
	const variant = `${hex(0x80 | (random(8) & 0x3f))}${hex(random(9))}`;
	let node = '';
	for (let offset = 10; offset < 16; offset++) node += hex(random(offset));
	return `${time}-${count}-${variant}-${node}`;
}

/** Ids come in handfuls: those of one millisecond share how it is written. */
function setTime(ms: number): void {
	lastMs = ms;
	const text = ms.toString(16).padStart(12, '0');
	time = `${text.slice(0, 8)}-${text.slice(8)}`;
}

export function isUuidv7(text: string): boolean {
	return /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(text);
}
