import { describe, expect, test } from 'vitest';
import { createMemorySql } from '../../../../tests/fakes/memory-sql';
import { sayThatItFails } from './alert';
import { bucketSizes, createBuckets } from './buckets';
import { createCounters } from './counters';
import { createIdempotency, keptMs } from './idempotency';
import { createSpending } from './spending';

describe('A26 token buckets', () => {
	test('of ten thousand at once a principal gets its burst and 1 % at most, the others all of theirs', () => {
		const buckets = createBuckets();
		const { burst, perMinute } = bucketSizes.provider;
		let allowed = 0;
		for (let i = 0; i < 10_000; i++) {
			if (buckets.take('provider', 'greedy', 1000 + i / 10) === undefined) allowed += 1;
			if (i % 1000 === 0) expect(buckets.take('provider', `quiet ${i}`, 1000 + i / 10)).toBeUndefined();
		}
		const filled = burst + (1000 / 60_000) * perMinute;
		expect(allowed).toBeLessThanOrEqual(Math.ceil(filled * 1.01));
		expect(allowed).toBeGreaterThanOrEqual(burst);
		const refused = buckets.take('provider', 'greedy', 2000);
		expect(refused?.retryAfter).toBe(1);
		expect(buckets.take('provider', 'greedy', 2000 + 1000)).toBeUndefined();
	});

	test('a clock that goes back gives nothing', () => {
		const buckets = createBuckets();
		for (let i = 0; i < bucketSizes.claim.burst; i++) buckets.take('claim', 'a', 1_000_000);
		expect(buckets.take('claim', 'a', 0)).toBeDefined();
	});
});

describe('a home’s day', () => {
	test('never passes its caps, in whatever order it is spent, and begins anew with the day', () => {
		const spending = createSpending(createMemorySql());
		const caps = { tokensPerDay: 1000, microDollarsPerDay: 500 };
		let tokens = 0;
		for (let i = 0; i < 200; i++) {
			const spend = { tokens: (i * 37) % 91, microDollars: (i * 13) % 29 };
			if (spending.reserve('a', spend, caps, 5)) tokens += spend.tokens;
		}
		const [today] = spending.today(5);
		expect(today?.tokens).toBe(tokens);
		expect(today?.tokens).toBeLessThanOrEqual(1000);
		expect(today?.microDollars).toBeLessThanOrEqual(500);
		expect(spending.reserve('b', { tokens: 1000, microDollars: 500 }, caps, 5)).toBe(true);
		expect(spending.reserve('a', { tokens: 1000, microDollars: 0 }, caps, 86_400_001)).toBe(true);
		expect(spending.reserve('c', { tokens: 1, microDollars: 0 }, { ...caps, tokensPerDay: 0 }, 5)).toBe(
			false
		);
	});
});

describe('what an answer took', () => {
	test('counts instead of the most it could have, on the day that it was reserved', () => {
		const spending = createSpending(createMemorySql());
		const caps = { tokensPerDay: 1000, microDollarsPerDay: 1000 };
		const reserved = { tokens: 900, microDollars: 900 };
		expect(spending.reserve('a', reserved, caps, 5)).toBe(true);
		expect(spending.reserve('a', reserved, caps, 5)).toBe(false);
		spending.settle('a', reserved, { tokens: 30, microDollars: 20 }, 5);
		expect(spending.today(5)).toEqual([{ home: 'a', tokens: 30, microDollars: 20 }]);
		expect(spending.reserve('a', reserved, caps, 5)).toBe(true);
		// More than was thought counts too; never less than nothing; another day is none of its business.
		spending.settle('a', reserved, { tokens: 2000, microDollars: 900 }, 5);
		expect(spending.today(5)).toEqual([{ home: 'a', tokens: 2030, microDollars: 920 }]);
		spending.settle('a', { tokens: 9999, microDollars: 9999 }, { tokens: 0, microDollars: 0 }, 5);
		expect(spending.today(5)).toEqual([{ home: 'a', tokens: 0, microDollars: 0 }]);
		spending.reserve('a', reserved, caps, 5);
		spending.settle('a', reserved, { tokens: 0, microDollars: 0 }, 86_400_005);
		expect(spending.today(5)).toEqual([{ home: 'a', ...reserved }]);
	});
});

describe('idempotency keys', () => {
	test('keep an answer a week, and after that run nothing anew', () => {
		const keys = createIdempotency(createMemorySql());
		expect(keys.begin('k', 'h', 0)).toEqual({ found: 'new' });
		expect(keys.begin('k', 'h', 1)).toEqual({ found: 'in-flight' });
		expect(keys.begin('k', 'other', 1)).toEqual({ found: 'other-body' });
		const answer = { status: 200, headers: [], body: 'b' };
		keys.end('k', answer);
		expect(keys.begin('k', 'h', keptMs)).toEqual({ found: 'done', answer });
		expect(keys.begin('k', 'h', keptMs + 1)).toEqual({ found: 'expired' });
		expect(keys.begin('r', 'h', 0)).toEqual({ found: 'new' });
		expect(keys.begin('r', 'h', 11 * 60_000)).toEqual({ found: 'expired' });
		keys.forget('r');
		expect(keys.begin('r', 'h', 0)).toEqual({ found: 'new' });
	});
});

describe('OT-18 counters', () => {
	test('say over which time how many failed, and ask for an alert once in a quarter of an hour', () => {
		const counters = createCounters(createMemorySql());
		counters.add({ 'relay.ok': 9 });
		expect(counters.flush(60_000)).toBe(true);
		expect(counters.flush(60_000)).toBe(false);
		expect(counters.shouldAlert(60_000 * 20)).toBe(false);
		counters.add({ 'relay.ok': 10, 'relay.failed': 10 });
		const now = 60_000 * 20;
		expect(counters.sum(5, now)).toEqual({ 'relay.failed': 10, 'relay.ok': 10 });
		expect(counters.sum(24 * 60, now)).toEqual({ 'relay.failed': 10, 'relay.ok': 19 });
		expect(counters.shouldAlert(now)).toBe(true);
		expect(counters.shouldAlert(now + 60_000)).toBe(false);
	});

	test('the webhook gets numbers, by the guard: nothing goes to an address that is not public', async () => {
		const asked: string[] = [];
		const send = async (request: Request): Promise<Response> => {
			const { url } = request;
			if (url.includes('dns-query')) {
				const data = url.includes('inside') ? '10.0.0.1' : '93.184.216.34';
				return Response.json({ Status: 0, Answer: [{ type: 1, data }] });
			}
			asked.push(`${request.method} ${url} ${await request.text()}`);
			return new Response('ok');
		};
		expect(await sayThatItFails('https://hooks.example.com/x', { 'relay.failed': 9 }, { send })).toBe(true);
		expect(asked).toEqual([
			'POST https://hooks.example.com/x {"event":"relay-failing","lastMinutes":{"relay.failed":9}}'
		]);
		for (const bad of ['http://hooks.example.com/', 'https://inside.example.com/', 'https://127.0.0.1/'])
			expect(await sayThatItFails(bad, {}, { send })).toBe(false);
		expect(asked).toHaveLength(1);
	});
});
