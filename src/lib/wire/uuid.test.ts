import { describe, expect, it } from 'vitest';
import { isUuidv7, uuidv7 } from './uuid';

describe('ids', () => {
	it('are version 7, unique and ascending, across many pools of randomness', () => {
		const ids = Array.from({ length: 10_000 }, () => uuidv7());
		expect(ids.every(isUuidv7)).toBe(true);
		expect(ids.every((id, index) => index === 0 || id > (ids[index - 1] ?? ''))).toBe(true);
	});

	it('begin with the time they were given', () => {
		const at = Date.UTC(2100, 0, 1);
		expect(Number.parseInt(uuidv7(at).replaceAll('-', '').slice(0, 12), 16)).toBe(at);
	});

	it('share no randomness, within a millisecond or not', () => {
		const tails = Array.from({ length: 1_000 }, () => uuidv7().slice(24));
		expect(new Set(tails).size).toBe(tails.length);
	});
});
