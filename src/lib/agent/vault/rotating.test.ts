import { describe, expect, it } from 'vitest';
import { createRotating, type KeptTokens, type LockPort, type Tokens } from './rotating';

/** Exclusive, first come first served, as Web Locks are; a holder that dies lets go. */
function createLocks(): LockPort & { die(): void } {
	let tail: Promise<unknown> = Promise.resolve();
	let died = Promise.withResolvers<never>();
	return {
		withLock(_, run) {
			const mine = tail.then(() => Promise.race([run(), died.promise]));
			tail = mine.catch(() => undefined);
			return mine;
		},
		die() {
			const { reject } = died;
			died = Promise.withResolvers();
			reject(new Error('the tab is gone'));
		}
	};
}

function world() {
	const locks = createLocks();
	let stored: Tokens | undefined = { access: 'a0', refresh: 'r0', expiresAt: 0 };
	const kept: KeptTokens = {
		read: () => Promise.resolve(stored),
		async write(tokens) {
			await Promise.resolve();
			stored = tokens;
		}
	};
	const spent: string[] = [];
	let answer = async (refresh: string): Promise<Tokens> => {
		spent.push(refresh);
		await Promise.resolve();
		const next = String(spent.length);
		return { access: `a${next}`, refresh: `r${next}`, expiresAt: 10_000_000 };
	};
	const usual = answer;
	const tab = () =>
		createRotating({
			id: 'codex',
			locks,
			kept,
			clock: { now: () => 1_000_000 },
			upstream: (refresh) => answer(refresh)
		});
	return {
		locks,
		spent,
		tab,
		usual,
		answerWith: (next: typeof answer) => (answer = next),
		forget: () => (stored = undefined)
	};
}

describe('a rotating credential in the browser', () => {
	it('is renewed once, however many tabs and requests want it at once', async () => {
		const { spent, tab } = world();
		const tabs = Array.from({ length: 20 }, tab);
		const got = await Promise.all(Array.from({ length: 50 }, () => tabs.map((one) => one.access())).flat());
		expect(spent).toEqual(['r0']);
		expect(new Set(got)).toEqual(new Set(['a1']));
	});

	it('is renewed once for all whose token was turned down, and again for those whose new one was', async () => {
		const { spent, tab } = world();
		const tabs = Array.from({ length: 5 }, tab);
		await tabs[0]?.access();
		expect(new Set(await Promise.all(tabs.map((one) => one.access('a1'))))).toEqual(new Set(['a2']));
		// Late with the old one: the new one is there already.
		expect(await tabs[3]?.access('a1')).toBe('a2');
		expect(spent).toEqual(['r0', 'r1']);
	});

	it('goes on where a tab died in the middle, with what is stored', async () => {
		const { locks, spent, tab, answerWith, usual } = world();
		const asked = Promise.withResolvers<void>();
		answerWith((refresh) => {
			spent.push(refresh);
			asked.resolve();
			return new Promise(() => undefined);
		});
		const dying = tab().access();
		const waiting = tab();
		await asked.promise;
		const next = waiting.access();
		answerWith(usual);
		locks.die();
		await expect(dying).rejects.toThrow('gone');
		expect(await next).toBe('a2');
		expect(spent).toEqual(['r0', 'r0']);
	});

	it('says what its server says, tries again the next time, and that nobody has signed in', async () => {
		const { tab, answerWith, usual, forget } = world();
		const one = tab();
		answerWith(() => Promise.reject(new Error('503')));
		await expect(one.access()).rejects.toThrow('503');
		answerWith(usual);
		expect(await one.access()).toBe('a1');
		forget();
		await expect(one.access()).rejects.toMatchObject({ id: 'vault/no-secret' });
	});
});
