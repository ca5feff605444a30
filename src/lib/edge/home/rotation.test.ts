import { describe, expect, test, vi } from 'vitest';
import { createMemorySql } from '../../../../tests/fakes/memory-sql';
import type { SqlStorage } from '../hub/sql';
import { createRotations, graceMs, lockMs, type Rotated, type RotationAsk } from './rotation';
import { createKeySeal } from './seal-key';

const of = { owner: 'home', credential: 'codex' };

/** A server that rotates, and is unforgiving: a token that is presented twice ends the whole family. */
function server() {
	let n = 0;
	let current = 'r0';
	let isRevoked = false;
	const calls: string[] = [];
	const made = (): Rotated => ({ refresh: current, access: `a${String(n)}`, expiresAt: 1000 * n });
	return {
		calls,
		made,
		async spend({ token }: Pick<RotationAsk, 'token'>): Promise<Rotated> {
			calls.push(token);
			await new Promise((done) => setTimeout(done, 2));
			if (isRevoked || token !== current) {
				isRevoked = true;
				throw new Error('invalid_grant');
			}
			n += 1;
			current = `r${String(n)}`;
			return made();
		}
	};
}

function world(sql: SqlStorage = createMemorySql()) {
	const seal = createKeySeal('a-secret-of-the-tests-0123456789abcdef');
	if (seal === undefined) throw new Error('no seal');
	const at = { now: 1_000_000 };
	const idp = server();
	let upstream: (ask: RotationAsk, signal: AbortSignal) => Promise<Rotated> = (ask) => idp.spend(ask);
	const open = (msUpstream = 10_000) =>
		createRotations(sql, {
			msUpstream,
			now: () => at.now,
			seal,
			upstream: (...asked) => upstream(...asked)
		});
	return { sql, at, idp, open, answerWith: (next: typeof upstream) => (upstream = next) };
}
const code = (promise: Promise<unknown>): Promise<string> =>
	promise.then(
		() => 'answered',
		(error: unknown) => (error instanceof Error && 'id' in error ? String(error.id) : String(error))
	);

describe('a rotating credential at the relay', () => {
	test('of a thousand that want it renewed at once one is sent on, and all get what came', async () => {
		const { idp, open } = world();
		const rotations = open();
		await rotations.keep(of, idp.made());
		const got = await Promise.all(
			Array.from({ length: 1000 }, () => rotations.renew({ ...of, token: 'r0' }))
		);
		expect(idp.calls).toEqual(['r0']);
		expect(new Set(got.map(({ refresh }) => refresh))).toEqual(new Set(['r1']));
	});

	test('through twenty renewals a device that is always one behind gets the latest, and spends nothing', async () => {
		const { idp, open } = world();
		const rotations = open();
		await rotations.keep(of, idp.made());
		for (let n = 0; n < 20; n++) {
			const token = `r${String(n)}`;
			const isBehind = (i: number): boolean => i % 2 === 1 && n > 0;
			const got = await Promise.all(
				Array.from({ length: 50 }, (_, i) =>
					rotations.renew({ ...of, token: isBehind(i) ? `r${String(n - 1)}` : token })
				)
			);
			const refreshes = got.map(({ refresh }) => refresh);
			const next = `r${String(n + 1)}`;
			expect(new Set(refreshes.filter((_, i) => !isBehind(i)))).toEqual(new Set([next]));
			// Who is behind gets what stands when it is heard: before the renewal began, or after.
			for (const one of refreshes.filter((_, i) => isBehind(i))) expect([token, next]).toContain(one);
		}
		expect(idp.calls).toEqual(Array.from({ length: 20 }, (_, n) => `r${String(n)}`));
		expect((await rotations.renew({ ...of, token: 'r3' })).refresh).toBe('r20');
	});

	test('what was never there, is another home’s, or is too old is nobody’s', async () => {
		const { at, idp, open } = world();
		const rotations = open();
		expect(await code(rotations.renew({ ...of, token: 'r0' }))).toBe('relay/not-authorized');
		await rotations.keep(of, idp.made());
		for (const ask of [
			{ ...of, token: 'r9' },
			{ ...of, token: '' },
			{ ...of, owner: 'other', token: 'r0' },
			{ ...of, credential: 'x', token: 'r0' }
		])
			expect(await code(rotations.renew(ask))).toBe('relay/not-authorized');
		await rotations.renew({ ...of, token: 'r0' });
		at.now += graceMs + 1;
		expect(await code(rotations.renew({ ...of, token: 'r0' }))).toBe('relay/not-authorized');
		expect(idp.calls).toEqual(['r0']);
		await rotations.keep(of, { ...idp.made(), refresh: 'signed in anew' });
		expect(await code(rotations.renew({ ...of, token: 'r1' }))).toBe('relay/not-authorized');
	});

	test('an object that ends in the middle keeps others waiting for its lock, and no longer', async () => {
		const { at, idp, open, answerWith } = world();
		const dying = open();
		await dying.keep(of, idp.made());
		answerWith(() => new Promise(() => undefined));
		void dying.renew({ ...of, token: 'r0' }).catch(() => undefined);
		await vi.waitFor(async () => {
			expect(await code(open().renew({ ...of, token: 'r0' }))).toBe('http/in-flight');
		});
		answerWith((ask) => idp.spend(ask));
		at.now += lockMs;
		const got = await Promise.all(
			[1, 2, 3].map(() =>
				open()
					.renew({ ...of, token: 'r0' })
					.catch(() => undefined)
			)
		);
		expect(got.some((one) => one?.refresh === 'r1')).toBe(true);
		expect(idp.calls).toEqual(['r0']);
		expect((await open().renew({ ...of, token: 'r0' })).refresh).toBe('r1');
	});

	test('an upstream that fails or hangs lets go of the lock, and the token still stands', async () => {
		const { idp, open, answerWith } = world();
		const rotations = open(20);
		await rotations.keep(of, idp.made());
		answerWith(() => new Promise(() => undefined));
		expect(await code(rotations.renew({ ...of, token: 'r0' }))).toBe('relay/upstream-unreachable');
		answerWith(() => Promise.reject(new Error('503')));
		expect(await code(rotations.renew({ ...of, token: 'r0' }))).toBe('Error: 503');
		answerWith(() => Promise.resolve({ ...idp.made(), refresh: 'r1' }));
		expect((await rotations.renew({ ...of, token: 'r0' })).refresh).toBe('r1');
	});

	test('whoever copies the storage has no token', async () => {
		const { sql, idp, open } = world();
		await open().keep(of, { ...idp.made(), refresh: 'the-refresh-token' });
		const rows = [...sql.exec('SELECT * FROM rotating')];
		const text = rows
			.flatMap((row) => Object.values(row))
			.map((value) => (value instanceof ArrayBuffer ? Buffer.from(value).toString('latin1') : String(value)));
		expect(text.join()).not.toContain('the-refresh-token');
	});
});
