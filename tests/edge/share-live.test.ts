/** A live share in the object that ships, through the Worker's own front, with the writer and the reader that ship. */

import { env, evictDurableObject, runInDurableObject, SELF } from 'cloudflare:test';
import { describe, expect, inject, test } from 'vitest';
import type { OpenSocket } from '../../src/lib/agent/ports';
import { createFollower, type Follower } from '../../src/lib/agent/sharing/follow-share';
import { createLiveWriter } from '../../src/lib/agent/sharing/live-writer';
import { readShared } from '../../src/lib/agent/sharing/read-shared';
import { createShare, replaceBase, shares } from '../../src/lib/edge/shares.server';
import { toBase64Url } from '../../src/lib/wire/base64';
import type { SharedReading } from '../../src/lib/wire/share';
import { frameHeader, shareHeader, type NewShare } from '../../src/lib/wire/share-api';
import { deriveLiveKeys, sealFrame, sealWord, type Frame } from '../../src/lib/wire/share-frames';
import { utf8 } from '../../src/lib/wire/bytes';
import { deriveShareKeys, sha256, tokenHash } from '../../src/lib/wire/share-keys';
import { liveClose, liveProtocol, readFromShare, type Kept } from '../../src/lib/wire/share-live';
import { openSnapshot, sealSnapshot } from '../../src/lib/wire/share-seal';
import { ownedShareId, shareSigner, writeSigner } from '../../src/lib/wire/share-sign';
import { seeded } from '../contract/random';

const here = { ...env, RELAY_RATE_LIMIT: '0' };
const origin = 'http://localhost:8787';
const bytes = (length: number) => crypto.getRandomValues(new Uint8Array(length));
const clock = {
	now: () => Date.now(),
	sleep: (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))
};
const reading = (...texts: string[]): SharedReading => ({
	title: 'Tea',
	models: [],
	items: texts.map((text) => ({ type: 'you', text, files: [], at: 1 }))
});

async function newLive(start: SharedReading) {
	const signer = await shareSigner(bytes(32));
	const writer = await writeSigner(bytes(32));
	const shareId = await ownedShareId(signer.publicKey);
	const secret = { shareId, secret: bytes(32) };
	const [contents, keys] = await Promise.all([deriveShareKeys(secret), deriveLiveKeys(secret)]);
	const ownerToken = toBase64Url(bytes(32));
	async function seal(what: SharedReading) {
		const text = utf8(`${JSON.stringify({ reading: what })}\n`);
		const sealed = await sealSnapshot({ title: what.title, bytes: text }, { shareId, keys: contents }, bytes);
		return { sealed, hash: toBase64Url(await sha256(sealed)) };
	}
	const { sealed, hash } = await seal(start);
	const sealing = { shareId, signer, random: bytes, key: keys.frames };
	const frame = await sealFrame({ t: 'base', hash, same: false }, { seq: 0, prev: '' }, sealing);
	const asked: NewShare = {
		shareId,
		readHash: await tokenHash(contents.readToken),
		ownerHash: await tokenHash(ownerToken),
		days: 1,
		live: {
			ownerKey: signer.publicKey,
			writeKey: writer.publicKey,
			frame: { seq: 0, prev: '', body: frame.body, sig: frame.sig }
		}
	};
	return { shareId, signer, writer, keys, contents, ownerToken, seal, sealed, asked, sealing };
}
type Live = Awaited<ReturnType<typeof newLive>>;

const headers = { 'x-wherry': '1', 'cf-connecting-ip': '127.0.0.1' };
const post = ({ asked, sealed }: Pick<Live, 'asked' | 'sealed'>) =>
	createShare(
		new Request(`${origin}/api/shares`, {
			method: 'POST',
			body: sealed,
			headers: { ...headers, [shareHeader]: JSON.stringify(asked) }
		}),
		here
	);
const put = (live: Live, sealed: Uint8Array<ArrayBuffer>, frame: Frame, token = live.ownerToken) =>
	replaceBase(
		new Request(`${origin}/api/shares/${live.shareId}`, {
			method: 'PUT',
			body: sealed,
			headers: { ...headers, authorization: `Bearer ${token}`, [frameHeader]: JSON.stringify(frame) }
		}),
		here,
		live.shareId
	);
const ask = ({ shareId }: Live, what: 'read' | 'revoke' | 'state', token: string) =>
	shares(
		new Request(`${origin}/api/shares/${shareId}`, {
			method: what === 'revoke' ? 'DELETE' : 'GET',
			headers: { authorization: `Bearer ${token}` }
		}),
		here,
		{ id: shareId, what }
	);

const upgrade = (shareId: string, token: string, more: Record<string, string> = {}) =>
	SELF.fetch(`${origin}/api/shares/${shareId}/live`, {
		headers: {
			upgrade: 'websocket',
			'sec-websocket-protocol': `${liveProtocol}, token.${token}`,
			...more
		}
	});

/** What a browser's WebSocket is to the agent. */
function socketsOf(live: Live, token: string, open: WebSocket[] = []): OpenSocket {
	return (_address, _protocols, on) => {
		let socket: WebSocket | undefined;
		let isClosed = false;
		void upgrade(live.shareId, token).then(({ webSocket }) => {
			if (webSocket === null) return on.closed(1006);
			socket = webSocket;
			open.push(socket);
			socket.addEventListener('message', ({ data }) => on.message(String(data)));
			socket.addEventListener('close', ({ code }) => {
				if (!isClosed) on.closed(code);
			});
			socket.accept();
			if (isClosed) socket.close(1000);
		});
		return {
			send: (text) => socket?.send(text),
			close() {
				if (isClosed) return;
				isClosed = true;
				socket?.close(1000);
				on.closed(1000);
			}
		};
	};
}

async function writerOf(live: Live, open: WebSocket[] = []) {
	let ready: () => void = () => undefined;
	const isReady = new Promise<void>((resolve) => (ready = resolve));
	const writer = createLiveWriter({
		address: '',
		token: live.ownerToken,
		shareId: live.shareId,
		signer: live.signer,
		keys: live.keys,
		random: bytes,
		clock,
		openSocket: socketsOf(live, live.ownerToken, open),
		async putBase(sealed, frame) {
			return (await put(live, sealed, frame)).status === 200 ? 'kept' : 'refused';
		},
		on: { ready, word: () => undefined, isGone: () => Promise.resolve(false), over: () => undefined }
	});
	await isReady;
	return writer;
}

function followerOf(live: Live): Follower {
	return createFollower({
		shareId: live.shareId,
		keys: live.keys,
		async fetchBase() {
			const sealed = new Uint8Array(await (await ask(live, 'read', live.contents.readToken)).arrayBuffer());
			const opened = await openSnapshot(sealed, { shareId: live.shareId, keys: live.contents });
			const base = opened && readShared(new TextDecoder().decode(opened.bytes));
			return base && { reading: base, hash: toBase64Url(await sha256(sealed)) };
		}
	});
}

/** Reads along until `seen`; answers how the line closed, if it did. */
function follow(live: Live, follower: Follower) {
	let last: Promise<unknown> = Promise.resolve();
	const became: string[] = [];
	const kept: Kept[] = [];
	const closed = Promise.withResolvers<number>();
	const socket = socketsOf(live, live.contents.readToken)('', [], {
		message(text) {
			const message = readFromShare(text);
			if (message === undefined) return;
			if (message.type === 'kept') kept.push(message.how);
			last = last.then(async () => {
				became.push(await follower.receive(message));
				if (message.type === 'hello') socket.send(JSON.stringify({ type: 'read', after: follower.seq() }));
			});
		},
		closed: closed.resolve
	});
	return { socket, became, kept, closed: closed.promise, idle: () => last };
}

async function until(isSo: () => boolean): Promise<void> {
	for (let tries = 0; !isSo(); tries++) {
		if (tries > 1_000) throw new Error('it never came');
		await new Promise((resolve) => setTimeout(resolve, 5));
	}
}

describe('a live share', () => {
	test('OT-26 CT-07 is followed from any number on, over sleeps of its object and a new base', async () => {
		const random = seeded('live object', inject('seed'));
		const live = await newLive(reading('one'));
		expect((await post(live)).status).toBe(200);
		const object = env.SHARES.getByName(live.shareId);
		const writer = await writerOf(live);
		const followers = [followerOf(live)];
		const lines = followers.map((one) => follow(live, one));
		let now = reading('one');
		for (let step = 0; step < 40; step++) {
			now = reading(...now.items.flatMap((item) => (item.type === 'you' ? [item.text] : [])), `text ${step}`);
			const change = { t: 'items', from: step + 1, reading: { ...now, items: now.items.slice(-1) } } as const;
			expect(await writer.send(change)).toBe('kept');
			const dice = random.float();
			if (dice < 0.15) await evictDurableObject(object).catch(() => undefined);
			else if (dice < 0.3) {
				const { sealed, hash } = await live.seal(now);
				expect(await writer.rebase(sealed, hash, true)).toBe('kept');
			} else if (dice < 0.5) {
				const one = followerOf(live);
				followers.push(one);
				lines.push(follow(live, one));
			}
		}
		const newest = followers[0];
		await until(() => followers.every((one) => one.reading()?.items.length === 41));
		for (const one of followers) expect(one.reading()).toEqual(now);
		expect(newest?.seq()).toBe(followers.at(-1)?.seq());
		expect(lines.flatMap(({ became }) => became)).not.toContain('forged');
		writer.close();
		for (const { socket } of lines) socket.close();
	});

	test('A7 is closed for everybody within a second when it is revoked, and nothing of it stays', async () => {
		const live = await newLive(reading('one'));
		await post(live);
		const writer = await writerOf(live);
		const follower = followerOf(live);
		const line = follow(live, follower);
		await until(() => follower.seq() === 0);
		const from = Date.now();
		expect((await ask(live, 'revoke', live.ownerToken)).status).toBe(200);
		expect(await line.closed).toBe(liveClose.gone);
		expect((await ask(live, 'read', live.contents.readToken)).status).toBe(404);
		expect((await upgrade(live.shareId, live.contents.readToken)).status).toBe(404);
		expect((await upgrade(live.shareId, live.ownerToken)).status).toBe(404);
		expect(Date.now() - from).toBeLessThan(1_000);
		expect(await writer.send({ t: 'items', from: 0, reading: reading('more') })).toBe('apart');
		const rows = await runInDurableObject(env.SHARES.getByName(live.shareId), (_room, { storage: { sql } }) =>
			['live', 'frames', 'words', 'writers', 'pieces'].map(
				(table) => [...sql.exec(`SELECT 1 FROM ${table}`)].length
			)
		);
		expect(rows).toEqual([0, 0, 0, 0, 0]);
		expect((await post(live)).status).toBe(400);
	});

	test('is made, written and opened by nobody who may not', async () => {
		const live = await newLive(reading('one'));
		const other = await newLive(reading('other'));
		// Under another key's name, with another key's frame.
		const { live: alien } = other.asked;
		if (alien === undefined) throw new Error('not live');
		expect((await post({ ...live, asked: { ...live.asked, live: alien } })).status).toBe(400);
		await post(live);
		await post(other);
		const statuses = await Promise.all(
			[
				upgrade(live.shareId, other.contents.readToken),
				upgrade(live.shareId, ''),
				upgrade(toBase64Url(bytes(16)), live.contents.readToken),
				upgrade(live.shareId, live.contents.readToken, { origin: 'https://evil.example' })
			].map(async (answer) => (await answer).status)
		);
		expect(statuses).toEqual([404, 404, 404, 403]);
		const { sealed, hash } = await live.seal(reading('lies'));
		const next = await sealFrame({ t: 'base', hash, same: false }, { seq: 1, prev: 'x' }, live.sealing);
		expect((await put(live, sealed, next)).status).toBe(400);
		expect((await put(live, sealed, next, live.contents.readToken)).status).toBe(404);
		const byOther = await sealFrame({ t: 'base', hash, same: false }, { seq: 1, prev: 'x' }, other.sealing);
		expect((await put(live, sealed, byOther)).status).toBe(400);
		const state: { data: { size: number } } = await (await ask(live, 'state', live.ownerToken)).json();
		expect(state.data.size).toBe(live.sealed.length);
	});

	test('A7 takes words that the link’s key signed, and none of a reader’s forgeries or frames', async () => {
		const live = await newLive(reading('one'));
		await post(live);
		const follower = followerOf(live);
		const line = follow(live, follower);
		await until(() => follower.seq() === 0);
		const place = { from: toBase64Url(bytes(16)), n: 1 };
		const sealing = { shareId: live.shareId, random: bytes, key: live.keys.words };
		const content = { name: 'Ana', text: 'hello' };
		const forged = await sealWord(content, place, { ...sealing, signer: await shareSigner(bytes(32)) });
		for (let n = 1; n <= 300; n++) line.socket.send(JSON.stringify({ type: 'word', word: { ...forged, n } }));
		await until(() => line.kept.length === 300);
		expect(new Set(line.kept)).toEqual(new Set(['refused']));
		const word = await sealWord(content, place, { ...sealing, signer: live.writer });
		line.socket.send(JSON.stringify({ type: 'word', word }));
		line.socket.send(JSON.stringify({ type: 'word', word }));
		await until(() => line.kept.length === 302);
		expect(line.kept.slice(300)).toEqual(['kept', 'fast']);
		const stored = await runInDurableObject(
			env.SHARES.getByName(live.shareId),
			(_room, { storage: { sql } }) =>
				[...sql.exec('SELECT word FROM words')].map((row) => String(row['word']))
		);
		expect(stored).toHaveLength(1);
		expect(stored[0]).not.toContain('hello');
		// A reader that speaks as the owner does is shown the door.
		const frame = await sealFrame({ t: 'items', from: 0 }, { seq: 1, prev: '' }, live.sealing);
		line.socket.send(JSON.stringify({ type: 'frame', frame }));
		expect(await line.closed).toBe(liveClose.protocol);
	});
});
