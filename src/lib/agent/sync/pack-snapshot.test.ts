import { expect, test } from 'vitest';
import { packSnapshot, unpackSnapshot } from './pack-snapshot';

const text = JSON.stringify({
	place: { cursor: 7 },
	words: Array.from({ length: 20_000 }, (_, n) => `some words of a message ${String(n)}, with “ü” and 🚤`)
});
const snapshot = { upTo: 7, epoch: 1, text };

test('what is packed is a fifth and less, and comes out as it went in', async () => {
	const packed = await packSnapshot(snapshot);
	expect(packed.text.length * 5).toBeLessThan(text.length);
	expect(JSON.stringify(packed.text)).toHaveLength(packed.text.length + 2);
	expect(await unpackSnapshot(packed.text)).toBe(text);
});

test('what was not packed is read as it is', async () => {
	expect(await unpackSnapshot(text)).toBe(text);
});

test('what is damaged or cut is nothing', async () => {
	const { text: packed } = await packSnapshot(snapshot);
	expect(await unpackSnapshot(packed.slice(0, -200))).toBeUndefined();
	expect(await unpackSnapshot(`${packed.slice(0, 500)}!${packed.slice(501)}`)).toBeUndefined();
	expect(await unpackSnapshot('z')).toBeUndefined();
});
