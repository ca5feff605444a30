/**
 * P15: a session of 1 MB behind a link. Creating one (masked, rendered, written, sealed, put at the edge) and opening
 * it (keys, fetch, seal, strict reading) against downloading the same bytes: from the same address, and as a file
 * over a line of 50 Mbit/s, which is what a visitor has.
 */

import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { existsSync } from 'node:fs';
import { measure } from '../../scripts/size.mjs';
import { openShare } from '../../src/lib/agent/sharing/open-share';
import { readShared } from '../../src/lib/agent/sharing/read-shared';
import { readingOf } from '../../src/lib/agent/sharing/reading';
import { redact } from '../../src/lib/agent/sharing/redact';
import { snapshotText } from '../../src/lib/agent/sharing/snapshot';
import { entryVersion, noUsage, type Entry } from '../../src/lib/wire/entries';
import { toBase64Url } from '../../src/lib/wire/base64';
import { shareHeader } from '../../src/lib/wire/share-api';
import { utf8 } from '../../src/lib/wire/bytes';
import { deriveShareKeys, tokenHash } from '../../src/lib/wire/share-keys';
import type { ShareLink } from '../../src/lib/wire/share-link';
import { sealSnapshot } from '../../src/lib/wire/share-seal';
import { answer, compare, mustEqual, type Line } from './measure';
import { serveShares } from './hub-workers';
import { markdownText } from './markdown-text';

const sessionBytes = 1_000_000;
const scriptLimit = 40;
const lineBytesPerMs = 50_000 / 8;

const random = (length: number): Uint8Array<ArrayBuffer> => {
	const bytes = new Uint8Array(length);
	// The platform gives 64 KiB at once.
	for (let at = 0; at < length; at += 65_536) crypto.getRandomValues(bytes.subarray(at, at + 65_536));
	return bytes;
};

export async function bench(): Promise<Line[]> {
	const edge = await serveShares();
	const origin = `http://127.0.0.1:${String(edge.port)}`;
	const branch = session();
	const made = await create(origin, branch);
	const line = await slowLine(origin);
	const download = async (from: string): Promise<number> => {
		const { readToken } = await deriveShareKeys(made.link);
		const response = await fetch(`${from}/api/shares/${made.link.shareId}`, {
			headers: { authorization: `Bearer ${readToken}` }
		});
		return (await response.arrayBuffer()).byteLength;
	};
	const open = async (from: string): Promise<string> => {
		const { text } = await openShare({ ...made.link, origin: from }, '', (to, init) => fetch(to, init));
		const reading = readShared(text);
		if (reading === undefined) throw new Error('no reading');
		mustEqual('articles', branch.length, reading.items.length);
		return text;
	};
	try {
		mustEqual('what was shared', true, (await open(origin)) === made.text);
		mustEqual('bytes', made.sealed, await download(origin));
		const rates = await compare([
			{ name: 'create', units: 1, run: async () => void (await create(origin, branch)) },
			{ name: 'open', units: 1, run: async () => void (await open(origin)) },
			{ name: 'download', units: 1, run: async () => void (await download(origin)) },
			{ name: 'open, 50 Mbit/s', units: 1, run: async () => void (await open(line.origin)) },
			{ name: 'download, 50 Mbit/s', units: 1, run: async () => void (await download(line.origin)) }
		]);
		const asked = { id: 'P15', unit: 'ms', show: (rate: number) => 1000 / rate, as: 'cost' } as const;
		const goal = { is: 'at most', value: 1.5 } as const;
		return [
			answer(rates, { ...asked, what: 'open 1 MB, no network between', ours: 'open', other: 'download' }),
			answer(rates, {
				...asked,
				what: 'open 1 MB',
				ours: 'open, 50 Mbit/s',
				other: 'download, 50 Mbit/s',
				goal
			}),
			answer(rates, { ...asked, what: 'create 1 MB, no network between', ours: 'create', other: 'download' }),
			...script()
		];
	} finally {
		line.close();
		edge.stop();
	}
}

/** From the build that is there (`npm run build` makes it). */
function script(): Line[] {
	if (!existsSync('.svelte-kit/output/client/_share/page.js')) return [];
	const { kB } = measure().share;
	const ratio = kB / scriptLimit;
	return [
		{
			id: 'P15',
			what: 'script of the page of a link',
			ours: kB,
			other: { name: 'the limit', value: scriptLimit },
			unit: 'kB gzip',
			ratio: [ratio, ratio, ratio],
			goal: { is: 'at most', value: 1 }
		}
	];
}

/** Questions and answers of 5 kB of Markdown until what leaves weighs a megabyte. */
function session(): Entry[] {
	const whole = markdownText();
	const entries: Entry[] = [];
	const piece = 5_000;
	let size = 0;
	for (let i = 0; size < sessionBytes; i++) {
		const isUser = i % 2 === 0;
		const from = (i * piece) % (whole.length - piece);
		const text = isUser ? `What about this, number ${String(i)}?` : whole.slice(from, from + piece);
		const entry: Entry = {
			id: `entry-${String(i)}`,
			sessionId: 'shared',
			parentId: i === 0 ? null : `entry-${String(i - 1)}`,
			v: entryVersion,
			kind: isUser ? 'user' : 'assistant',
			author: { device: 'device', principal: 'user' },
			parts: [{ type: 'text', text }],
			labels: { integrity: 'user', private: false, sources: [] },
			lam: i + 1,
			at: 1_764_000_000_000 + i,
			...(isUser
				? {}
				: {
						response: {
							model: { provider: 'anthropic', model: 'claude' },
							stop: 'end' as const,
							usage: noUsage,
							durationMs: 1000
						}
					})
		};
		entries.push(entry);
		if (size === 0 || i % 2 === 1) size = textOf(entries).length;
	}
	return entries;
}

function textOf(branch: readonly Entry[]): string {
	const { title, entries } = redact('A shared session', branch, {
		calls: 'full',
		reasoning: true,
		files: true
	});
	const reading = readingOf({ title, entries, blobs: [] });
	return snapshotText({ title, entries, blobs: [], reading, now: 1_764_000_000_000 });
}

let created = 0;
async function create(origin: string, branch: readonly Entry[]) {
	const text = textOf(branch);
	const shareId = toBase64Url(random(16));
	const secret = random(32);
	const keys = await deriveShareKeys({ shareId, secret });
	const sealed = await sealSnapshot(
		{ title: 'A shared session', bytes: utf8(text) },
		{ shareId, keys },
		random
	);
	const asked = {
		shareId,
		readHash: await tokenHash(keys.readToken),
		ownerHash: await tokenHash(toBase64Url(random(32))),
		days: 30
	};
	const response = await fetch(`${origin}/api/shares`, {
		method: 'POST',
		body: sealed,
		// One address may have so many links and no more.
		headers: {
			'x-wherry': '1',
			'cf-connecting-ip': `10.0.${String(created >> 8)}.${String(created++ & 255)}`,
			[shareHeader]: JSON.stringify(asked)
		}
	});
	await response.text();
	mustEqual('stored', 200, response.status);
	const link: ShareLink = { origin, shareId, secret };
	return { link, text, sealed: sealed.length };
}

/** In front of the edge: hands on what it says at the pace of a line. */
async function slowLine(origin: string): Promise<{ origin: string; close(): void }> {
	const server = createServer((request, response) => {
		void (async () => {
			const { authorization = '' } = request.headers;
			const answered = await fetch(`${origin}${request.url ?? ''}`, { headers: { authorization } });
			const bytes = new Uint8Array(await answered.arrayBuffer());
			response.writeHead(answered.status, { 'content-length': bytes.length });
			const start = performance.now();
			for (let at = 0; at < bytes.length;) {
				const due = Math.min(bytes.length, Math.ceil((performance.now() - start + 1) * lineBytesPerMs));
				if (due > at) response.write(bytes.subarray(at, due));
				at = Math.max(at, due);
				await new Promise((done) => setTimeout(done, 1));
			}
			response.end();
		})();
	}).listen(0, '127.0.0.1');
	await once(server, 'listening');
	return {
		origin: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
		close() {
			server.closeAllConnections();
			server.close();
		}
	};
}
