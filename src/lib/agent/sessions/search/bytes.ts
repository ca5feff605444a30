/** A growing byte buffer with variable-length integers (7 bits a byte, low first). */

export class ByteWriter {
	bytes: Uint8Array<ArrayBuffer>;
	length = 0;

	constructor(size = 1024) {
		this.bytes = new Uint8Array(size);
	}

	reserve(more: number): void {
		const needed = this.length + more;
		if (needed <= this.bytes.length) return;
		const grown = new Uint8Array(Math.max(needed, this.bytes.length * 2));
		grown.set(this.bytes.subarray(0, this.length));
		this.bytes = grown;
	}

	varint(value: number): void {
		this.reserve(5);
		let rest = value;
		while (rest > 127) {
			this.bytes[this.length++] = (rest & 127) | 128;
			rest >>>= 7;
		}
		this.bytes[this.length++] = rest;
	}

	raw(source: Uint8Array): void {
		this.reserve(source.length);
		this.bytes.set(source, this.length);
		this.length += source.length;
	}

	/** What was written, as a view. */
	view(): Uint8Array<ArrayBuffer> {
		return this.bytes.subarray(0, this.length);
	}
}

/** Reads on from `at`; past the end every value is 0, so damage cannot make it run away. */
export class ByteReader {
	constructor(
		readonly bytes: Uint8Array,
		public at = 0
	) {}

	varint(): number {
		let value = 0;
		let shift = 0;
		for (;;) {
			const byte = this.bytes[this.at++] ?? 0;
			value |= (byte & 127) << shift;
			if (byte < 128 || shift > 28) return value >>> 0;
			shift += 7;
		}
	}
}

export function compareBytes(a: Uint8Array, aLength: number, b: Uint8Array, bLength: number): number {
	const shared = aLength < bLength ? aLength : bLength;
	for (let i = 0; i < shared; i++) {
		const difference = (a[i] ?? 0) - (b[i] ?? 0);
		if (difference !== 0) return difference;
	}
	return aLength - bLength;
}

/** A quick sum over whole words; finds damage, not malice. */
export function checksum(bytes: Uint8Array): number {
	const whole = bytes.length >>> 2;
	let sum = bytes.length;
	if (bytes.byteOffset % 4 === 0) {
		const words = new Uint32Array(bytes.buffer, bytes.byteOffset, whole);
		for (let i = 0; i < whole; i++) sum = (Math.imul(sum, 31) + (words[i] ?? 0)) | 0;
	} else {
		for (let i = 0; i < whole * 4; i += 4) {
			const word =
				(bytes[i] ?? 0) |
				((bytes[i + 1] ?? 0) << 8) |
				((bytes[i + 2] ?? 0) << 16) |
				((bytes[i + 3] ?? 0) << 24);
			sum = (Math.imul(sum, 31) + word) | 0;
		}
	}
	for (let i = whole * 4; i < bytes.length; i++) sum = (Math.imul(sum, 31) + (bytes[i] ?? 0)) | 0;
	return sum >>> 0;
}
