import { describe, expect, test } from 'vitest';
import { judgeReadiness, type ReadinessFacts } from './readiness';

const fine: ReadinessFacts = {
	hasModel: true,
	relay: { claimed: true, features: { streams: { available: true }, relayKeys: { available: true } } },
	isLoopback: false,
	isSecure: true,
	isPersisted: true,
	usageBytes: 1,
	quotaBytes: 1e9,
	hasLocks: true,
	hasDatabase: true,
	hasCrypto: true,
	isInstalled: true,
	exportedAt: 1000,
	backedUpAt: 0,
	isSynced: false,
	hasSessions: true,
	now: 2000
};
const openOf = (facts: Partial<ReadinessFacts>) =>
	judgeReadiness({ ...fine, ...facts })
		.checks.filter(({ verdict }) => verdict === 'open')
		.map(({ id }) => id);

describe('readiness (OT-97)', () => {
	test('everything met is 100 %, over at least ten counted checks, with nothing left to recommend', () => {
		const { score, next, checks } = judgeReadiness(fine);
		expect(score).toBe(100);
		expect(next).toBeNull();
		expect(checks.filter(({ verdict }) => verdict === 'met').length).toBeGreaterThanOrEqual(10);
	});

	test('each fact opens its own check and costs points', () => {
		for (const [facts, open] of [
			[{ hasModel: false }, ['model']],
			[{ relay: null }, ['relay']],
			[{ isSecure: false }, ['secure']],
			[{ isPersisted: false }, ['persisted']],
			[{ exportedAt: null }, ['backup']],
			[{ now: 40 * 24 * 3600 * 1000 }, ['backup']],
			[{ usageBytes: 0.95e9 }, ['room']],
			[{ relay: { claimed: false, features: {} } }, ['claimed']],
			[
				{ relay: { claimed: true, features: { streams: { available: false, reason: 'no binding' } } } },
				['hubs']
			],
			[{ hasDatabase: false }, ['database']],
			[{ hasLocks: false }, ['locks']],
			[{ hasCrypto: false }, ['crypto']]
		] as const) {
			expect(openOf(facts)).toEqual(open);
			expect(judgeReadiness({ ...fine, ...facts }).score).toBeLessThan(100);
		}
	});

	test('what cannot be had here is not counted', () => {
		expect(openOf({ isLoopback: true, relay: { claimed: false, features: {} } })).toEqual([]);
		expect(openOf({ hasSessions: false, exportedAt: null, isInstalled: false })).toEqual([]);
	});

	test('a backup or another device that has everything counts as a copy', () => {
		expect(openOf({ exportedAt: null, backedUpAt: 1000 })).toEqual([]);
		expect(openOf({ exportedAt: null, isSynced: true })).toEqual([]);
	});

	test('recommends first what matters most, and something to press before something to know', () => {
		expect(judgeReadiness({ ...fine, hasModel: false, isPersisted: false }).next?.id).toBe('model');
		expect(judgeReadiness({ ...fine, isSecure: false, isPersisted: false }).next).toMatchObject({
			id: 'persisted',
			remedy: 'keep'
		});
		expect(judgeReadiness({ ...fine, isSecure: false }).next).toMatchObject({ id: 'secure', remedy: null });
	});
});
