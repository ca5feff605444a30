import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { seeded } from '../../../../tests/contract/random';
import { backup, code, random, recordOf, restoreInto, ruleOf, sealed } from '../../../../tests/fakes/backups';
import { createSeededRandom } from '../../../../tests/fakes/ports';
import { fromBase64 } from '../../wire/base64';
import type { Entry } from '../../wire/entries';
import { canonicalJson, parseJson } from '../../wire/json';
import { joinBytes } from '../../wire/bytes';
import { createRecoveryCode, writeRecoveryCode } from '../home/recovery-code';
import { readSegment } from '../sessions/read-record';
import { packEntries } from '../sessions/segments';
import { createMemoryStore } from '../storage/memory';
import type { Store, StoreWrite } from '../storage/store';
import { backedUpTables, isOwnSetting } from './backup-rows';
import { newKdf, openBackupKey } from './backup-key';
import { lookInto } from './make-backup';
import { openBackup } from './open-backup';

/** Whatever is backed up, with entries by id wherever they stand. */
async function canonicalRows(store: Store): Promise<string[]> {
	const lines = new Set<string>();
	for (const table of backedUpTables) {
		for (const { key, row } of await store.range(table, {})) {
			if (isOwnSetting(table, key)) continue;
			const elements = table === 'segments' ? (readSegment(row)?.elements ?? []) : [row];
			for (const element of elements) {
				const json = parseJson(
					JSON.stringify(element, (_, value: unknown) => (value instanceof Uint8Array ? [...value] : value))
				);
				const as = table === 'segments' || table === 'entries' ? 'entry' : `${table} ${key}`;
				lines.add(`${as} ${canonicalJson(json ?? null)}`);
			}
		}
	}
	return [...lines].sort();
}

function entryOf(sessionId: string, id: string, lam: number, text: string, blob?: string): Entry {
	return {
		id,
		sessionId,
		parentId: null,
		v: 1,
		kind: 'user',
		author: { device: 'd', principal: 'user' },
		parts: [
			{ type: 'text', text },
			...(blob === undefined
				? []
				: [{ type: 'file' as const, blob, name: 'a.bin', mediaType: 'application/octet-stream', size: 3 }])
		],
		labels: { integrity: 'user', private: false, sources: [] },
		lam,
		at: 1_700_000_000_000 + lam
	};
}

/** A store as a person's might be; `seed` says which. */
async function randomStore(seed: number, sessions = 6): Promise<Store> {
	const { float } = createSeededRandom(seed);
	const pick = (below: number) => Math.floor(float() * below);
	const store = createMemoryStore();
	const put: StoreWrite[] = [];
	for (let index = 0; index < sessions; index++) {
		const id = `s${seed}-${index}`;
		const entries: Entry[] = [];
		for (let at = 0; at < pick(260); at++) {
			const hash =
				pick(20) === 0
					? pick(2 ** 30)
							.toString(16)
							.padStart(64, '0')
					: undefined;
			if (hash !== undefined) {
				const bytes = Uint8Array.from({ length: 1 + pick(40_000) }, () => pick(256));
				put.push({ table: 'blobs', key: hash, row: { v: 1, bytes, mediaType: 'x/y', size: bytes.length } });
			}
			entries.push(entryOf(id, `${id}-e${at}`, at, 'é'.repeat(pick(300)), hash));
		}
		const packed = packEntries({
			sessionId: id,
			firstOrd: 0,
			entries: entries.map((row) => ({ id: row.id, row }))
		});
		put.push(...packed.put);
		for (const row of entries.slice(packed.nextOrd))
			put.push({ table: 'entries', key: `${id}/${row.id}`, row });
		put.push({ table: 'sessions', key: id, row: recordOf(id, 1 + pick(50), 'd', `Title ${index}`) });
		if (pick(2) === 0) put.push({ table: 'drafts', key: id, row: { v: 1, text: 'not sent yet', files: [] } });
		put.push({
			table: 'turns',
			key: `t-${id}`,
			row: { v: 1, turnId: `t-${id}`, sessionId: id, state: 'ended' }
		});
	}
	for (let index = 0; index < pick(30); index++)
		put.push({
			table: 'plugins',
			key: `memory/${index}`,
			row: { v: 1, value: { text: `likes ${pick(99)}` } }
		});
	put.push({ table: 'settings', key: 'theme', row: { v: 1, value: 'dark' } });
	put.push({ table: 'rules', key: 'r1', row: ruleOf('r1', 'allow') });
	for (let at = 0; at < put.length; at += 100) await store.commit({ epoch: 0, put: put.slice(at, at + 100) });
	return store;
}

describe('a backup', () => {
	it('puts back every row of random stores into an empty one, and changes nothing the second time', async () => {
		const { seed: first } = seeded('backup and restore');
		for (let seed = first; seed < first + 12; seed++) {
			const store = await randomStore(seed);
			const before = await canonicalRows(store);
			const file = await backup(store);
			const fresh = createMemoryStore();
			await restoreInto(fresh, file);
			const after = await canonicalRows(fresh);
			expect(after, `seed ${seed}`).toEqual(before);
			const again = await restoreInto(fresh, file);
			expect(await canonicalRows(fresh), `seed ${seed}, twice`).toEqual(before);
			expect(again, `seed ${seed}`).toMatchObject({ sessions: 0, messages: 0, files: 0, others: 0 });
		}
	});

	it('goes into a store that holds something: entries are a union, registers the later ones, and nothing is lost', async () => {
		const { seed: first } = seeded('restore into a store in use');
		for (let seed = first; seed < first + 6; seed++) {
			const store = await randomStore(seed, 3);
			const file = await backup(store);
			const id = `s${seed}-0`;
			await store.commit({
				epoch: 0,
				put: [
					{ table: 'entries', key: `${id}/mine`, row: entryOf(id, 'mine', 900, 'said since') },
					{ table: 'sessions', key: id, row: recordOf(id, 990, 'd', 'Renamed since') },
					{ table: 'settings', key: 'theme', row: { v: 1, value: 'light' } },
					{ table: 'plugins', key: 'memory/new', row: { v: 1, value: { text: 'new' } } }
				],
				delete: [
					{ table: 'drafts', key: id },
					{ table: 'sessions', key: `s${seed}-1` }
				]
			});
			const here = await canonicalRows(store);
			await restoreInto(store, file);
			const after = new Set(await canonicalRows(store));
			expect(
				here.filter((line) => !after.has(line)),
				`seed ${seed}`
			).toEqual([]);
			expect(await store.get('sessions', `s${seed}-1`), `seed ${seed}`).toBeDefined();
			// What was sent in the meantime is not put in front of the person again.
			expect(await store.get('drafts', id), `seed ${seed}`).toBeUndefined();
			const lam = await store.get('meta', 'lam');
			expect(lam).toMatchObject({ lam: 1024 });
		}
	});

	it('holds nothing of the device, of a turn under way, or of a session that leaves no trace', async () => {
		const store = createMemoryStore();
		const secret = 'must-not-be-in-it';
		const temporary = { ...recordOf('t', 1, 'd', secret), temporary: true };
		await store.commit({
			epoch: 0,
			put: [
				{ table: 'sessions', key: 's', row: recordOf('s', 1, 'd', 'Kept') },
				{ table: 'sessions', key: 't', row: temporary },
				{ table: 'entries', key: 't/e', row: entryOf('t', 'e', 1, secret) },
				{ table: 'drafts', key: 't', row: { v: 1, text: secret } },
				{ table: 'settings', key: 'backup.places', row: { v: 1, value: secret } },
				{ table: 'vault', key: 'device/relay', row: { v: 1, kid: secret } },
				{
					table: 'turns',
					key: 'u',
					row: { v: 1, turnId: 'u', sessionId: 's', state: 'parked', note: secret }
				},
				{
					table: 'turns',
					key: 'v',
					row: { v: 1, turnId: 'v', sessionId: 's', state: 'ended', streamSecret: secret }
				},
				{ table: 'blobs', key: 'ab'.repeat(32), row: { v: 1, bytes: new Uint8Array(3), note: secret } }
			]
		});
		const opened = await openBackup(await backup(store), code);
		const lines: string[] = [];
		for await (const { json } of opened.records()) lines.push(json);
		expect(lines.join('\n')).toContain('Kept');
		expect(lines.join('\n')).not.toContain(secret);
	});

	it('with a damaged piece gives the rest, and a whole copy of it later gives what was missing', async () => {
		const { seed } = seeded('restore the rest');
		const store = await randomStore(seed, 30);
		const before = await canonicalRows(store);
		const whole = await backup(store);
		const bytes = new Uint8Array(await whole.arrayBuffer());
		const middle = bytes.length >> 1;
		bytes[middle] = (bytes[middle] ?? 0) ^ 1;
		const hurt = new Blob([bytes]);
		expect(await lookInto(hurt, code)).toMatchObject({ damaged: 1, isCut: false });
		const fresh = createMemoryStore();
		await restoreInto(fresh, hurt);
		const rest = await canonicalRows(fresh);
		expect(rest.length).toBeGreaterThan(0);
		expect(rest.length).toBeLessThan(before.length);
		const known = new Set(before);
		expect(rest.filter((line) => !known.has(line))).toEqual([]);
		await restoreInto(fresh, whole);
		const after = new Set(await canonicalRows(fresh));
		// Sessions that came without their entries get them; what was not sent stays with a session that is new.
		const missing = before.filter((line) => !after.has(line));
		expect(missing.filter((line) => !line.startsWith('drafts '))).toEqual([]);
	});

	it('says what is inside before anything is written', async () => {
		const file = await backup(await randomStore(3));
		const inside = await lookInto(file, code);
		expect(inside).toMatchObject({ madeAt: 1_700_000_000_000, sessions: 6, damaged: 0, isCut: false });
		expect(inside.size).toBe(file.size);
		expect(inside.titles).toHaveLength(5);
	});
});

async function readAll(bytes: Uint8Array<ArrayBuffer>, secret = code) {
	const opened = await openBackup(new Blob([bytes]), secret);
	const records: string[] = [];
	for await (const { json } of opened.records()) records.push(json);
	return { records, damaged: opened.damaged(), isCut: opened.isCut() };
}

const rowsOf = (count: number, length: number) =>
	Array.from({ length: count }, (_, at) => JSON.stringify({ at, text: 'x'.repeat(length) }));

describe('a sealed backup', () => {
	it('refuses every flip of a byte in its header, and in a short one every flip anywhere', async () => {
		const { pieces, whole } = await sealed(rowsOf(3, 40));
		const header = pieces[0]?.length ?? 0;
		let accepted = 0;
		for (let at = 0; at < whole.length; at++) {
			const changed = whole.slice();
			changed[at] = (changed[at] ?? 0) ^ (1 << (at % 8));
			const read = await readAll(changed).catch(() => undefined);
			if (read !== undefined) accepted++;
		}
		expect(accepted).toBe(0);
		expect(header).toBeGreaterThan(100);
	});

	it('with one damaged piece gives what stands in the others, and says that it is not whole', async () => {
		const rows = rowsOf(300, 3000);
		const { pieces, whole } = await sealed(rows);
		expect(pieces.length).toBeGreaterThan(12);
		let at = pieces[0]?.length ?? 0;
		for (const piece of pieces.slice(1)) {
			const changed = whole.slice();
			changed[at + (piece.length >> 1)] = (changed[at + (piece.length >> 1)] ?? 0) ^ 1;
			const { records, damaged, isCut } = await readAll(changed);
			expect(damaged).toBe(1);
			expect(isCut).toBe(at + piece.length === whole.length);
			const lost = rows.filter((row) => !records.includes(row));
			// 64 KiB of rows of 3 kB, and the two that reach into it.
			expect(lost.length).toBeLessThanOrEqual(23);
			expect(records.every((row) => rows.includes(row))).toBe(true);
			at += piece.length;
		}
	}, 60_000);

	it('cut off at any edge of a piece, and right beside each, says that its end is missing', async () => {
		const { pieces, whole } = await sealed(rowsOf(100, 3000));
		let at = 0;
		for (const piece of pieces.slice(0, -1)) {
			at += piece.length;
			for (const end of [at - 1, at, at + 1]) {
				const read = await readAll(whole.slice(0, end)).catch(() => undefined);
				expect(read === undefined || read.isCut, `cut at ${end}`).toBe(true);
			}
		}
	});

	it('with two pieces exchanged, one left out or one of another backup gives none of them', async () => {
		const rows = rowsOf(100, 3000);
		const { pieces } = await sealed(rows);
		const { pieces: others } = await sealed(rowsOf(100, 3000));
		const [head = new Uint8Array(), one = new Uint8Array(), two = new Uint8Array(), ...rest] = pieces;
		const foreign = others[1] ?? new Uint8Array();
		const swapped = await readAll(joinBytes([head, two, one, ...rest]));
		expect(swapped.damaged).toBe(2);
		const spliced = await readAll(joinBytes([head, foreign, two, ...rest]));
		expect(spliced.damaged).toBe(1);
		await expect(readAll(joinBytes([head, two, ...rest]))).rejects.toMatchObject({ id: 'backup/unreadable' });
	});

	it('says what is wrong: another code, no code, another file, a newer format', async () => {
		const { whole } = await sealed(rowsOf(1, 10));
		const said = async (bytes: Uint8Array<ArrayBuffer>, secret = code) =>
			readAll(bytes, secret).then(
				() => 'opened',
				(thrown: unknown) => (thrown instanceof Error ? thrown.message : '')
			);
		expect(await said(whole, createRecoveryCode())).toContain('does not open this backup');
		expect(await said(whole, 'ABCD-EFGH')).toContain('no whole recovery code');
		expect(await said(new TextEncoder().encode('{"format":"wherry/session"}'))).toContain('no backup');
		const newer = whole.slice();
		newer[12] = 2;
		expect(await said(newer)).toContain('newer Wherry');
	});

	it('of format version 1 opens for ever', async () => {
		const text = await readFile('tests/fixtures/backup-v1.txt', 'utf8');
		const golden = new Blob([fromBase64(text.replaceAll(/\s/g, '')) ?? new Uint8Array()]);
		const goldenCode = writeRecoveryCode(new Uint8Array(20).fill(7));
		expect(await lookInto(golden, goldenCode)).toMatchObject({ sessions: 1, titles: ['Golden'], files: 1 });
		const store = createMemoryStore();
		await restoreInto(store, golden, goldenCode);
		expect(await store.get('entries', 's/e')).toMatchObject({
			parts: [{ text: 'from the first version' }, {}]
		});
		expect(await store.get('blobs', 'cd'.repeat(32))).toMatchObject({ bytes: new Uint8Array([1, 2, 3]) });
		expect(await store.get('plugins', 'memory/tea')).toMatchObject({ value: { text: 'likes tea' } });
	});

	it('opens with a passphrase however its letters are composed, and with no other', async () => {
		const kdf = newKdf('passphrase', random);
		const { whole } = await sealed(rowsOf(1, 10), await openBackupKey('caf\u00e9 au lait', kdf));
		expect((await readAll(whole, 'cafe\u0301 au lait')).records).toHaveLength(1);
		await expect(readAll(whole, 'cafe au lait')).rejects.toThrow('does not open');
	}, 60_000);
});
