/**
 * Live shares through the code that ships, over a relay that a test holds in its hands: what goes over the wire says
 * nothing, and what a hostile relay or a reader makes of it is not believed.
 */

import { expect, test } from 'vitest';
import { changesBetween, readChange, withChange } from '../../src/lib/agent/sharing/live-state';
import { createFollower, type Follower } from '../../src/lib/agent/sharing/follow-share';
import { createLiveWriter } from '../../src/lib/agent/sharing/live-writer';
import { readShared } from '../../src/lib/agent/sharing/read-shared';
import { toBlocks } from '../../src/lib/agent/render/markdown';
import { toBase64Url } from '../../src/lib/wire/base64';
import type { SharedItem, SharedReading } from '../../src/lib/wire/share';
import { deriveLiveKeys, sealFrame, sealWord, type Frame } from '../../src/lib/wire/share-frames';
import { utf8 } from '../../src/lib/wire/bytes';
import { deriveShareKeys, sha256 } from '../../src/lib/wire/share-keys';
import { liveLimits, readFromShare, type FromShare } from '../../src/lib/wire/share-live';
import { openSnapshot, sealSnapshot } from '../../src/lib/wire/share-seal';
import { ownedShareId, shareSigner, writeSigner } from '../../src/lib/wire/share-sign';
import { parseJson } from '../../src/lib/wire/json';
import { seeded, type SeededRandom } from '../contract/random';
import { createShareRelay, type ShareRelay } from '../fakes/share-relay';

const isDeep = process.env.WHERRY_DEEP === '1';
const bytes = (length: number) => crypto.getRandomValues(new Uint8Array(length));
const clock = {
	now: () => Date.now(),
	sleep: (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms).unref())
};

function words(random: SeededRandom, count: number): string {
	return Array.from({ length: count }, () => random.int(1e9).toString(36)).join(' ');
}
function item(random: SeededRandom): SharedItem {
	if (random.int(3) === 0) return { type: 'you', text: words(random, 6), files: [], at: 1 };
	return { type: 'wherry', byline: 'model', blocks: toBlocks(words(random, 8)), reasoning: [], at: 1 };
}
/** What a turn makes of it next: an article more, a longer answer, another branch. */
function grown(random: SeededRandom, before: SharedReading): SharedReading {
	const last = before.items.at(-1);
	const dice = random.float();
	if (dice < 0.6 && last?.type === 'wherry') {
		const blocks = [...last.blocks, ...toBlocks(words(random, 5))];
		return {
			...before,
			items: [...before.items.slice(0, -1), { ...last, blocks }],
			busyAt: before.items.length - 1
		};
	}
	const kept = dice < 0.9 ? before.items : before.items.slice(0, random.int(before.items.length + 1));
	return { title: before.title, models: before.models, items: [...kept, item(random)] };
}

interface World {
	readonly shareId: string;
	readonly secret: Uint8Array<ArrayBuffer>;
	readonly signer: Awaited<ReturnType<typeof shareSigner>>;
	readonly keys: Awaited<ReturnType<typeof deriveLiveKeys>>;
	readonly relay: ShareRelay;
	readonly writeSeed: Uint8Array<ArrayBuffer>;
	seal(reading: SharedReading): Promise<{ sealed: Uint8Array<ArrayBuffer>; hash: string }>;
	follower(): Follower;
}

async function world(start: SharedReading): Promise<World> {
	const signer = await shareSigner(bytes(32));
	const writeSeed = bytes(32);
	const shareId = await ownedShareId(signer.publicKey);
	const secret = bytes(32);
	const contents = await deriveShareKeys({ shareId, secret });
	const keys = await deriveLiveKeys({ shareId, secret });
	async function seal(reading: SharedReading) {
		const text = utf8(`${JSON.stringify({ reading })}\n`);
		const sealed = await sealSnapshot(
			{ title: reading.title, bytes: text },
			{ shareId, keys: contents },
			bytes
		);
		return { sealed, hash: toBase64Url(await sha256(sealed)) };
	}
	const { sealed, hash } = await seal(start);
	const sealing = { shareId, signer, random: bytes, key: keys.frames };
	const frame = await sealFrame({ t: 'base', hash, same: false }, { seq: 0, prev: '' }, sealing);
	const relay = await createShareRelay({
		shareId,
		ownerKey: signer.publicKey,
		writeKey: (await writeSigner(writeSeed)).publicKey,
		base: sealed,
		frame
	});
	return {
		shareId,
		secret,
		signer,
		keys,
		relay,
		writeSeed,
		seal,
		follower: () =>
			createFollower({
				shareId,
				keys,
				async fetchBase() {
					const now = relay.base;
					const opened = await openSnapshot(now, { shareId, keys: contents });
					const reading = opened && readShared(new TextDecoder().decode(opened.bytes));
					return reading && { reading, hash: toBase64Url(await sha256(now)) };
				}
			})
	};
}

function writerOf({ shareId, signer, keys, relay }: World, ready: (isSame: boolean) => void) {
	return createLiveWriter({
		address: 'wss://relay',
		token: 'token',
		shareId,
		signer,
		keys,
		random: bytes,
		clock,
		openSocket: relay.owner,
		putBase: (sealed, frame) => relay.putBase(sealed, frame),
		on: { ready, word: () => undefined, isGone: () => Promise.resolve(false), over: () => undefined }
	});
}

/** A reader's line: reads what comes into the follower, and asks from where it stands. */
function follow(relay: ShareRelay, follower: Follower) {
	let last: Promise<unknown> = Promise.resolve();
	const heard: string[] = [];
	const socket = relay.reader('', [], {
		message(text) {
			heard.push(text);
			const message = readFromShare(text);
			if (message === undefined) return;
			last = last.then(async () => {
				heard.push(await follower.receive(message));
				if (message.type === 'hello') socket.send(JSON.stringify({ type: 'read', after: follower.seq() }));
			});
		},
		closed: () => undefined
	});
	return {
		heard,
		close: () => socket.close(),
		async settle() {
			for (let seen: unknown; seen !== last;) {
				seen = last;
				await relay.quiet();
				await last;
			}
		}
	};
}

const empty: SharedReading = { title: 'Tea', items: [], models: [] };
const sessions = isDeep ? 1_000 : 60;

test(
	`A7 ${sessions} random live sessions: every reader has what was published, from wherever they came in, and the wire says none of it`,
	async () => {
		const random = seeded('live sessions');
		let frames = 0;
		for (let session = 0; session < sessions; session++) {
			let now = { ...grown(random, empty), title: words(random, 4) };
			const said = [JSON.stringify(now)];
			const here = await world(now);
			const { promise: ready, resolve } = Promise.withResolvers<undefined>();
			const writer = writerOf(here, () => resolve(undefined));
			await ready;
			const early = here.follower();
			const first = follow(here.relay, early);
			const steps = 4 + random.int(10);
			for (let step = 0; step < steps; step++) {
				const next = grown(random, now);
				said.push(JSON.stringify(next));
				for (const change of changesBetween(now, next)) expect(await writer.send(change)).toBe('kept');
				now = next;
				if (random.int(5) > 0) continue;
				const { sealed, hash } = await here.seal(now);
				expect(await writer.rebase(sealed, hash, true)).toBe('kept');
			}
			const late = here.follower();
			const second = follow(here.relay, late);
			await first.settle();
			await second.settle();
			expect(early.reading()).toEqual(now);
			expect(late.reading()).toEqual(now);
			expect(early.seq()).toBe(late.seq());
			expect([...first.heard, ...second.heard]).not.toContain('forged');
			frames += early.seq();
			writer.close();
			first.close();
			second.close();
			await here.relay.quiet();

			const stored = JSON.stringify([here.relay.log.meta(), here.relay.log.after(-1)]);
			const everything = [...here.relay.wire, stored, Buffer.from(here.relay.base).toString('latin1')].join(
				'\n'
			);
			// Bodies are base64: what they hold as bytes is looked at too.
			const raw = [...everything.matchAll(/"body":"([\w-]+)"/g)]
				.map(([, body = '']) => Buffer.from(body, 'base64url').toString('latin1'))
				.join('\n');
			for (const needle of needles(random, [here.secret, here.writeSeed], said.join('\n')))
				expect(everything.includes(needle) || raw.includes(needle), needle).toBe(false);
		}
		expect(frames).toBeGreaterThan(sessions * 3);
	},
	isDeep ? 600_000 : 60_000
);

function needles(random: SeededRandom, secrets: readonly Uint8Array[], said: string): string[] {
	const parts = secrets.map((secret) => Buffer.from(secret));
	const grams = Array.from({ length: 40 }, () => random.int(Math.max(1, said.length - 16))).map((at) =>
		said.slice(at, at + 16)
	);
	return [
		...parts.flatMap((part) => [
			part.toString('latin1'),
			part.toString('hex'),
			part.toString('base64').slice(0, 40),
			part.toString('base64url').slice(0, 40)
		]),
		...grams.flatMap((gram) => [
			gram,
			encodeURIComponent(gram),
			Buffer.from(gram).toString('hex'),
			Buffer.from(gram).toString('base64').slice(0, 20)
		])
	];
}

test('A7 frames that a relay changed, dropped, moved, doubled, cut or took from another share change nothing', async () => {
	const random = seeded('tampered frames');
	const rounds = isDeep ? 400 : 40;
	let tried = 0;
	for (let round = 0; round < rounds; round++) {
		let now = grown(random, empty);
		const here = await world(now);
		const other = await world(now);
		const sealing = { shareId: here.shareId, signer: here.signer, random: bytes, key: here.keys.frames };
		const { promise: ready, resolve } = Promise.withResolvers<undefined>();
		const writer = writerOf(here, () => resolve(undefined));
		await ready;
		const states = [now];
		for (let step = 0; step < 6; step++) {
			const next = grown(random, now);
			for (const change of changesBetween(now, next)) {
				await writer.send(change);
				const read = readChange(parseJson(JSON.stringify(change)));
				if (read === undefined || read.t === 'base') throw new Error('a change that is none');
				states.push(withChange(states.at(-1) ?? now, read));
			}
			now = next;
		}
		writer.close();
		const frames = here.relay.log.after(-1);
		const hello: FromShare = {
			type: 'hello',
			ownerKey: here.signer.publicKey,
			seq: frames.length - 1,
			readers: 1
		};
		const foreign = other.relay.log.after(-1);
		const flip = (frame: Frame): Frame => {
			const field = random.pick(['body', 'sig', 'prev'] as const);
			const text = frame[field];
			const at = random.int(Math.max(1, text.length));
			const letter = text[at] === 'A' ? 'B' : 'A';
			return { ...frame, [field]: text.slice(0, at) + letter + text.slice(at + 1) };
		};
		for (let attempt = 0; attempt < 25; attempt++) {
			const follower = here.follower();
			await follower.receive(hello);
			const at = 1 + random.int(frames.length - 2);
			for (const frame of frames.slice(0, at)) await follower.receive({ type: 'frame', frame });
			expect(follower.reading()).toEqual(states[at - 1]);
			const honest = frames[at];
			const later = frames[at + 1];
			if (honest === undefined || later === undefined) continue;
			const hostile: readonly (Frame | undefined)[] = [
				flip(honest),
				{ ...honest, seq: later.seq },
				{ ...later, seq: honest.seq },
				later,
				frames[random.int(at)],
				foreign[0],
				// Somebody with the link has the key that seals, and none that signs.
				await sealFrame(
					{ t: 'items', from: 0, reading: { title: 'Lies', items: [], models: [] } },
					{ seq: honest.seq, prev: honest.prev },
					{ ...sealing, signer: other.signer }
				)
			];
			for (const frame of hostile) {
				if (frame === undefined) continue;
				tried++;
				expect(['forged', 'gap', 'nothing']).toContain(await follower.receive({ type: 'frame', frame }));
				expect(follower.reading()).toEqual(states[at - 1]);
				expect(follower.seq()).toBe(at - 1);
			}
			// Cut: an owner who is there counts what they have sent.
			const beat = { n: 1 + attempt, seq: frames.length - 1 };
			const sig = await here.signer.sign(`wherry-share/beat/v1\n${here.shareId}\n${beat.n}\n${beat.seq}`);
			expect(await follower.receive({ type: 'beat', beat: { ...beat, sig } })).toBe('gap');
			expect(await follower.receive({ type: 'beat', beat: { ...beat, sig } })).toBe('nothing');
			expect(await follower.receive({ type: 'beat', beat: { ...beat, n: 99, sig } })).toBe('forged');
		}
		// Another owner's key is another share.
		expect(await here.follower().receive({ ...hello, ownerKey: other.signer.publicKey })).toBe('forged');
	}
	expect(tried).toBeGreaterThan(rounds * 100);
}, 600_000);

test('A7 who may only read forges 10,000 frames and words: the relay takes none of them', async () => {
	const random = seeded('forged words');
	const here = await world(grown(random, empty));
	const mine = await shareSigner(bytes(32));
	const before = JSON.stringify([here.relay.log.meta(), here.relay.log.waiting()]);
	const answers = new Map<string, number>();
	const socket = here.relay.reader('', [], {
		message(text) {
			const message = readFromShare(text);
			if (message?.type !== 'kept') return;
			answers.set(message.how, (answers.get(message.how) ?? 0) + 1);
		},
		closed: () => undefined
	});
	const sealing = { shareId: here.shareId, signer: mine, random: bytes };
	const real = await sealWord(
		{ name: 'Eve', text: 'let me in' },
		{ from: toBase64Url(bytes(16)), n: 1 },
		{ ...sealing, key: here.keys.words }
	);
	const place = { seq: 1, prev: here.relay.log.meta()?.hash ?? '' };
	const frame = await sealFrame({ t: 'items', from: 0 }, place, { ...sealing, key: here.keys.frames });
	const rounds = 10_000;
	for (let n = 1; n <= rounds; n++) {
		const forged = { ...real, n, sig: random.int(2) === 0 ? real.sig : toBase64Url(bytes(64)) };
		const isWord = random.int(5) > 0;
		socket.send(
			JSON.stringify(
				isWord
					? { type: 'word', word: forged }
					: {
							type: 'frame',
							frame: { ...frame, sig: random.int(2) === 0 ? frame.sig : toBase64Url(bytes(64)) }
						}
			)
		);
	}
	await here.relay.quiet();
	expect([...answers]).toEqual([['refused', rounds]]);
	expect(JSON.stringify([here.relay.log.meta(), here.relay.log.waiting()])).toBe(before);
}, 120_000);

test('a participant who floods is told to wait, and what waits for the owner stays small', async () => {
	const random = seeded('flood');
	const here = await world(grown(random, empty));
	const signer = await writeSigner(here.writeSeed);
	const log = here.relay.log;
	const heard = new Map<string, number>();
	const word = (from: string, n: number) =>
		sealWord(
			{ name: 'Flood', text: 'x' },
			{ from, n },
			{ shareId: here.shareId, signer, random: bytes, key: here.keys.words }
		);
	const one = toBase64Url(bytes(16));
	expect(log.say(await word(one, 1)).how).toBe('kept');
	expect(log.say(await word(one, 2)).how).toBe('fast');
	expect(log.say(await word(one, 1)).how).toBe('again');
	for (let n = 0; n < 200; n++) {
		const { how } = log.say(await word(toBase64Url(bytes(16)), 1));
		heard.set(how, (heard.get(how) ?? 0) + 1);
	}
	expect(heard.get('kept')).toBe(liveLimits.waiting - 1);
	expect(heard.get('full')).toBe(200 - liveLimits.waiting + 1);
	expect(log.waiting()).toHaveLength(liveLimits.waiting);
	log.took(log.waiting()[9]?.place ?? 0);
	expect(log.waiting()).toHaveLength(liveLimits.waiting - 10);
});
