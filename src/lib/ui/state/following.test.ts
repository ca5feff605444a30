import { describe, expect, test } from 'vitest';
import { isFollowing } from './following';

const seen = { scrollTop: 1_000, clientHeight: 600, scrollHeight: 1_600 };

describe('a transcript that follows its end', () => {
	test('goes on when text came before the scroll that it made itself was reported', () => {
		expect(isFollowing(true, seen, { ...seen, scrollHeight: 2_400 })).toBe(true);
	});

	test('goes on when a banner went, the screen grew and text came in one moment', () => {
		const now = { scrollTop: 964, clientHeight: 636, scrollHeight: 2_000 };
		expect(isFollowing(true, seen, now)).toBe(true);
	});

	test('goes on when a keyboard took half of the screen', () => {
		expect(isFollowing(true, seen, { ...seen, clientHeight: 300 })).toBe(true);
	});

	test('stops when the reader goes up, also while text comes', () => {
		expect(isFollowing(true, seen, { ...seen, scrollTop: 900 })).toBe(false);
		expect(isFollowing(true, seen, { ...seen, scrollTop: 900, scrollHeight: 2_000 })).toBe(false);
	});

	test('begins again at the end, and not before', () => {
		expect(isFollowing(false, { ...seen, scrollTop: 100 }, { ...seen, scrollTop: 980 })).toBe(true);
		expect(isFollowing(false, { ...seen, scrollTop: 100 }, { ...seen, scrollTop: 700 })).toBe(false);
	});
});
