import { hkdf } from '@noble/hashes/hkdf.js';
import { sha256 as nobleSha256 } from '@noble/hashes/sha2.js';
import { describe, expect, test } from 'vitest';
import { seeded } from '../../../tests/contract/random';
import { toBase64Url } from './base64';
import { joinBytes } from './bytes';
import { deriveShareKeys, tokenHash } from './share-keys';
import { formatShareLink, parseShareLink } from './share-link';
import { chunkBytes, openSnapshot, sealSnapshot } from './share-seal';

const random = (length: number) => crypto.getRandomValues(new Uint8Array(length));
const utf8 = new TextEncoder();

async function share(bytes: Uint8Array<ArrayBuffer>, title = 'Tea in Kyoto') {
	const shareId = toBase64Url(random(16));
	const secret = random(32);
	const keys = await deriveShareKeys({ shareId, secret });
	return { shareId, secret, keys, sealed: await sealSnapshot({ title, bytes }, { shareId, keys }, random) };
}

describe('a share link', () => {
	test('is read as it was written, with and without a passphrase', () => {
		const link = { origin: 'https://w.example', shareId: toBase64Url(random(16)), secret: random(32) };
		expect(parseShareLink(formatShareLink(link))).toEqual(link);
		const guarded = { ...link, salt: random(16) };
		expect(parseShareLink(` ${formatShareLink(guarded)}\n`)).toEqual(guarded);
	});

	test.each([
		['no fragment', (link: string) => link.split('#')[0] ?? ''],
		['another version', (link: string) => link.replace('#v1', '#v2')],
		['another mode', (link: string) => link.replace('.r.', '.c.')],
		['a short secret', (link: string) => link.slice(0, -1)],
		['a weaker way to stretch', (link: string) => `${link}.b${'A'.repeat(22)}`],
		['another place', (link: string) => link.replace('/share/', '/s/')],
		['no web address', (link: string) => link.replace('https:', 'javascript:')],
		['a person in it', (link: string) => link.replace('https://', 'https://me:you@')]
	])('is none with %s', (_what, damage) => {
		const link = { origin: 'https://w.example', shareId: toBase64Url(random(16)), secret: random(32) };
		expect(parseShareLink(damage(formatShareLink(link)))).toBeUndefined();
	});
});

describe('the keys of a share', () => {
	test('are HKDF-SHA-256 as another implementation has it', async () => {
		const shareId = toBase64Url(random(16));
		const secret = random(32);
		const stretched = random(32);
		const salt = nobleSha256(utf8.encode(`wherry-share/v1${shareId}`));
		const material = joinBytes([secret, stretched]);
		const { readToken } = await deriveShareKeys({ shareId, secret, stretched });
		expect(readToken).toBe(toBase64Url(hkdf(nobleSha256, material, salt, utf8.encode('read-token'), 32)));
		expect(await tokenHash(readToken)).toBe(toBase64Url(nobleSha256(utf8.encode(readToken))));
	});

	test('differ with the share, the secret and the passphrase', async () => {
		const secret = random(32);
		const tokens = await Promise.all(
			[
				{ shareId: 'a', secret },
				{ shareId: 'b', secret },
				{ shareId: 'a', secret: random(32) },
				{ shareId: 'a', secret, stretched: random(32) }
			].map(async (one) => (await deriveShareKeys(one)).readToken)
		);
		expect(new Set(tokens).size).toBe(4);
	});
});

describe('a sealed snapshot', () => {
	test.each([0, 1, chunkBytes - 1, chunkBytes, chunkBytes + 1, 3 * chunkBytes + 77])(
		'of %i bytes opens as it was',
		async (size) => {
			const bytes = joinBytes(Array.from({ length: Math.ceil(size / 65_536) }, () => random(65_536)));
			const { sealed, shareId, keys } = await share(bytes.slice(0, size));
			const opened = await openSnapshot(sealed, { shareId, keys });
			expect(opened?.title).toBe('Tea in Kyoto');
			expect(Buffer.from(opened?.bytes ?? []).equals(Buffer.from(bytes.slice(0, size)))).toBe(true);
		}
	);

	test('says nothing of its text', async () => {
		const plain = 'the kettle is on the stove and the tea is in the tin ';
		const { sealed } = await share(utf8.encode(plain.repeat(50)));
		const raw = Buffer.from(sealed).toString('latin1');
		for (let at = 0; at + 8 < plain.length; at++) expect(raw).not.toContain(plain.slice(at, at + 8));
		expect(raw).not.toContain('Kyoto');
	});

	test('does not open with another key, or as another share', async () => {
		const one = await share(random(500));
		const other = await share(random(500));
		expect(await openSnapshot(one.sealed, { ...one, keys: other.keys })).toBeUndefined();
		expect(await openSnapshot(one.sealed, { ...one, shareId: other.shareId })).toBeUndefined();
	});

	test('with anything flipped, cut, moved, doubled or from another share is refused', async () => {
		const source = seeded('tampered shares');
		const rounds = Number(process.env.WHERRY_DEEP === '1' ? 100_000 : 20_000);
		const size = 2 * chunkBytes + 1000;
		const one = await share(joinBytes([random(65_536), random(65_536), random(1000)]));
		const same = await sealSnapshot(
			{ title: 'Tea in Kyoto', bytes: joinBytes([random(65_536), random(65_536), random(1000)]) },
			one,
			random
		);
		const small = await share(random(300));
		const head = 4 + new DataView(one.sealed.buffer).getUint32(0);
		const step = chunkBytes + 16;
		const chunk = (of: Uint8Array, index: number) =>
			of.slice(head + index * step, Math.min(of.length, head + (index + 1) * step));
		const whole = (...chunks: Uint8Array[]) => joinBytes([one.sealed.slice(0, head), ...chunks]);
		const parts = [0, 1, 2].map((index) => chunk(one.sealed, index));
		const [first = new Uint8Array(), second = new Uint8Array(), last = new Uint8Array()] = parts;
		const kinds = {
			flip(): [typeof one, Uint8Array<ArrayBuffer>] {
				// Small ones are quick to open: every one of their bits has its turn; large ones now and then.
				const of = source.int(20) === 0 ? one : small;
				const damaged = of.sealed.slice();
				const at = source.int(damaged.length);
				damaged[at] = (damaged[at] ?? 0) ^ (1 << source.int(8));
				return [of, damaged];
			},
			cut(): [typeof one, Uint8Array<ArrayBuffer>] {
				return [small, small.sealed.slice(0, source.int(small.sealed.length))];
			},
			longer(): [typeof one, Uint8Array<ArrayBuffer>] {
				return [small, joinBytes([small.sealed, random(1 + source.int(40))])];
			}
		};
		let accepted = 0;
		for (let round = 0; round < rounds; round++) {
			const [of, damaged] = source.pick([kinds.flip, kinds.flip, kinds.cut, kinds.longer])();
			if ((await openSnapshot(damaged, of)) !== undefined) accepted++;
		}
		const spliced = [
			whole(second, first, last),
			whole(first, last),
			whole(first, first, last),
			whole(first, second),
			whole(first, second, last.slice(0, -1)),
			whole(chunk(same, 0), second, last),
			whole(first, second, chunk(same, 2)),
			joinBytes([same.slice(0, head), first, second, last])
		];
		for (const damaged of spliced) if ((await openSnapshot(damaged, one)) !== undefined) accepted++;
		expect(accepted).toBe(0);
		expect((await openSnapshot(one.sealed, one))?.bytes.length).toBe(size);
	}, 600_000);
});
