import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { sha256Bytes, sha256Hex } from './hashes';

describe('hashes', () => {
	it('are those of the platform for text of any length and script', () => {
		const alphabet = ['a', 'é', '日', '😀', '\n', '\u0000'];
		for (let length = 0; length < 3_000; length += 7) {
			const text = Array.from({ length }, (_, n) => alphabet[(n * n + length) % alphabet.length] ?? '').join(
				''
			);
			const expected = createHash('sha256').update(text).digest('hex');
			expect(sha256Hex(text)).toBe(expected);
			expect(sha256Bytes(new TextEncoder().encode(text))).toBe(expected);
		}
	});
});
