import { describe, expect, test } from 'vitest';
import { createSyncDevice, type SyncDevice } from '../../../../tests/fakes/sync-devices';
import { seeded } from '../../../../tests/contract/random';
import { leaveNote, readNote, type Meeting } from '../../edge/meeting/meeting';
import { meetingMs, type MeetingSlot } from '../../wire/pairing';
import { toAppError } from '../../wire/errors';
import { createMemoryStore } from '../storage/memory';
import { createHome, homeBytes, readHome } from './home';
import { loadHome, saveHome } from './home-record';
import { answer, ask, receiveHome, whoAsks, type MeetingPlace } from './pairing';
import { createPairingCode, readPairingCode } from './pairing-code';
import {
	createRecoveryCode,
	openWithRecovery,
	readRecoveryCode,
	sealForRecovery,
	writeRecoveryCode
} from './recovery-code';

function meetings() {
	const places = new Map<string, Meeting>();
	const seen: string[] = [];
	const at = { now: 0 };
	const place: MeetingPlace = {
		async put(name, slot: MeetingSlot, note) {
			seen.push(name, note);
			const next = leaveNote(places.get(name), slot, note, at.now);
			if (next === undefined) return 'taken';
			places.set(name, next);
			return 'ok';
		},
		get: async (name, slot) => readNote(places.get(name), slot, at.now),
		async forget(name) {
			places.delete(name);
		}
	};
	return { place, seen, at };
}

const device = (): Promise<SyncDevice> => createSyncDevice('r'.repeat(22), new Uint8Array(32));

const errorOf = (run: () => unknown) => {
	try {
		run();
		return 'none';
	} catch (thrown) {
		return toAppError(thrown).id;
	}
};

describe('pairing', () => {
	test('twelve words bring the home to the new device, and nothing that passes says what it is', async () => {
		const { place, seen } = meetings();
		const home = await createHome();
		home.keys.learn(2, crypto.getRandomValues(new Uint8Array(32)));
		const shown = createPairingCode();
		expect(shown.phrase.split(' ')).toHaveLength(12);
		const phone = await device();
		const typed = readPairingCode(`  ${shown.phrase.toUpperCase().replaceAll(' ', ' - ')} `);
		expect(await whoAsks(shown.secret, place)).toBeUndefined();
		await ask(typed.secret, { member: phone.member, name: 'My phone' }, place);
		const asking = await whoAsks(shown.secret, place);
		if (asking === undefined) throw new Error('nobody asks');
		expect(asking).toEqual({ member: phone.member, name: 'My phone' });
		expect(await receiveHome(typed.secret, phone, place)).toBeUndefined();
		await answer(shown.secret, asking, { home, since: 2 }, place);
		const received = await receiveHome(typed.secret, phone, place);
		expect(received?.home.room).toBe(home.room);
		expect(received?.home.keys.secrets()).toEqual(home.keys.secrets());
		expect(received?.home.keys.since).toBe(2);
		for (const what of [home.room, phone.kid, 'My phone', shown.qr.slice(14)])
			expect(seen.join(' ')).not.toContain(what);
	});

	test('whoever learns the code afterwards opens the request but not the home', async () => {
		const { place } = meetings();
		const code = createPairingCode();
		const [phone, thief] = [await device(), await device()];
		await ask(code.secret, { member: phone.member, name: '' }, place);
		await answer(
			code.secret,
			{ member: phone.member, name: '' },
			{ home: await createHome(), since: 1 },
			place
		);
		await expect(receiveHome(code.secret, thief, place)).rejects.toMatchObject({ id: 'pair/refused' });
		await expect(ask(code.secret, { member: thief.member, name: '' }, place)).rejects.toMatchObject({
			id: 'pair/taken'
		});
	});

	test('after ten minutes there is nothing', async () => {
		const { place, at } = meetings();
		const code = createPairingCode();
		await ask(code.secret, { member: (await device()).member, name: '' }, place);
		at.now = meetingMs;
		expect(await whoAsks(code.secret, place)).toBeUndefined();
	});

	test('a truncated or foreign code says what is wrong with it', () => {
		const { phrase, qr, secret } = createPairingCode();
		const words = phrase.split(' ');
		expect(readPairingCode(qr).secret).toEqual(secret);
		expect(readPairingCode(words.join('\n')).phrase).toBe(phrase);
		expect(errorOf(() => readPairingCode(words.slice(0, 11).join(' ')))).toBe('pair/code-incomplete');
		expect(errorOf(() => readPairingCode(''))).toBe('pair/code-incomplete');
		expect(errorOf(() => readPairingCode(qr.slice(0, -6)))).toBe('pair/code-incomplete');
		expect(errorOf(() => readPairingCode(`${phrase} abandon`))).toBe('pair/code-unknown');
		expect(errorOf(() => readPairingCode('https://example.net/share/x#v1.r.abc'))).toBe('pair/code-unknown');
		expect(errorOf(() => readPairingCode('wherry-pair:9:AAAA'))).toBe('pair/code-unknown');
		expect(errorOf(() => readPairingCode(Array(12).fill('abandon').join(' ')))).toBe('pair/code-unknown');
	});

	test('every truncation of a phrase is incomplete, and no wrong word goes unnoticed but one in sixteen', () => {
		const random = seeded('pairing');
		let unnoticed = 0;
		for (let n = 0; n < 300; n++) {
			const { phrase } = createPairingCode();
			const cut = phrase.slice(0, random.int(phrase.lastIndexOf(' ')));
			expect(['pair/code-incomplete', 'pair/code-unknown']).toContain(errorOf(() => readPairingCode(cut)));
			const words = phrase.split(' ');
			const other = createPairingCode().phrase.split(' ');
			const at = random.int(12);
			if (words[at] === other[at]) continue;
			words[at] = other[at] ?? '';
			if (errorOf(() => readPairingCode(words.join(' '))) === 'none') unnoticed += 1;
		}
		expect(unnoticed).toBeLessThan(60);
	});
});

describe('a home', () => {
	test('is kept sealed on its device and comes back whole', async () => {
		const store = createMemoryStore();
		expect(await loadHome(store)).toBeUndefined();
		const home = await createHome();
		home.keys.learn(2, crypto.getRandomValues(new Uint8Array(32)));
		await saveHome(store, home);
		const again = await loadHome(store);
		expect(again?.room).toBe(home.room);
		expect(again?.keys.secrets()).toEqual(home.keys.secrets());
		const row = JSON.stringify(await store.range('vault', {}), (_, value: unknown) =>
			value instanceof Uint8Array ? [...value].join() : value
		);
		expect(row).not.toContain([...home.root].join());
	});

	test('what is no home is none', async () => {
		const bytes = homeBytes(await createHome());
		expect(await readHome(bytes)).toBeDefined();
		expect(await readHome(bytes.slice(0, -5))).toBeUndefined();
		expect(await readHome(new Uint8Array([123, 125]))).toBeUndefined();
	});
});

describe('the recovery code', () => {
	test('opens what was sealed under it, and nothing else does', async () => {
		const code = createRecoveryCode();
		expect(code).toMatch(/^([0-9A-HJKMNP-TV-Z]{4}-){8}[0-9A-HJKMNP-TV-Z]{2}$/);
		const home = await createHome();
		const sealed = await sealForRecovery(homeBytes(home), readRecoveryCode(code));
		const typed = code.toLowerCase().replaceAll('-', ' ').replaceAll('0', 'o').replaceAll('1', 'l');
		const opened = await openWithRecovery(sealed, readRecoveryCode(typed));
		expect((await readHome(opened ?? new Uint8Array()))?.room).toBe(home.room);
		expect(await openWithRecovery(sealed, readRecoveryCode(createRecoveryCode()))).toBeUndefined();
		sealed[20] = (sealed[20] ?? 0) ^ 1;
		expect(await openWithRecovery(sealed, readRecoveryCode(code))).toBeUndefined();
	});

	test('a missing character, another one and a foreign one are noticed', () => {
		for (let n = 0; n < 200; n++) {
			const bytes = crypto.getRandomValues(new Uint8Array(20));
			const code = writeRecoveryCode(bytes);
			expect(readRecoveryCode(code)).toEqual(bytes);
			expect(errorOf(() => readRecoveryCode(code.slice(0, -1)))).toBe('pair/code-incomplete');
			expect(errorOf(() => readRecoveryCode(`U${code.slice(1)}`))).toBe('pair/code-unknown');
			expect(errorOf(() => readRecoveryCode(`${code}X`))).toBe('pair/code-unknown');
		}
	});
});
