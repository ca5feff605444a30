/** A day's cap as an honest client meets it: what an answer took counts, whichever way it came. */

import { env } from 'cloudflare:test';
import { describe, expect, inject, test } from 'vitest';
import { relay } from '../../src/lib/edge/relay.server';
import { hubHeader } from '../../src/lib/wire/hub';
import { authorizationHeader } from '../../src/lib/wire/proof';
import { ask, ownedRelay, say, tokenOf, type newRelay } from './relay-owner';

const RELAY_UPSTREAMS = JSON.stringify({ openai: inject('upstream') });
const base64Url = (bytes: Uint8Array) =>
	btoa(String.fromCharCode(...bytes))
		.replaceAll('+', '-')
		.replaceAll('/', '_')
		.replaceAll('=', '');
const usage = { input_tokens: 20, output_tokens: 30 };

/** A relay whose owner lets everybody spend hardly more than one longest answer of gpt-5. */
async function capped(own?: ReturnType<typeof newRelay>) {
	const { relay: home, owner } = await ownedRelay(own);
	const key = { provider: 'openai', key: 'kept' };
	await ask(home, '/api/secrets', { device: owner, method: 'PUT', body: key });
	const rules = { admission: 'invite', billing: 'keys', alertWebhook: null, microDollarsPerDay: null };
	const body = { ...rules, tokensPerDay: 150_000 };
	expect((await ask(home, '/api/admission', { device: owner, method: 'PUT', body })).status).toBe(200);
	const token = `Bearer ${await tokenOf(home, owner)}`;
	const withUpstreams = { ...home, RELAY_UPSTREAMS };
	return {
		async use(reply: string, headers: Record<string, string> = {}) {
			const request = new Request('https://relay.example.net/api/relay/openai/v1/responses', {
				method: 'POST',
				body: JSON.stringify({ model: 'gpt-5', input: 'hello' }),
				headers: { 'x-reply': reply, [authorizationHeader]: token, ...headers }
			});
			return relay(request, withUpstreams, { log: () => {} });
		},
		async spent(): Promise<unknown> {
			const { data } = await say(await ask(home, '/api/metrics', { device: owner }));
			return JSON.parse(JSON.stringify(data)).spentToday;
		}
	};
}

describe('a cap of about one longest answer', () => {
	test('lets short answers through, one after another', async () => {
		const { use, spent } = await capped();
		for (let i = 0; i < 5; i += 1) {
			const answer = await use(`status:200:${JSON.stringify({ usage })}`);
			expect(answer.status).toBe(200);
			expect(await answer.json()).toEqual({ usage });
		}
		expect(await spent()).toMatchObject([{ tokens: 250 }]);
	});

	test('and through a hub; a stream that is asked for again costs nothing', async () => {
		// A hub asks the Worker's one home, under its own name.
		const { use, spent } = await capped({ ...env, homeName: 'relay' });
		for (let i = 0; i < 3; i += 1) {
			const names = {
				[hubHeader.stream]: base64Url(crypto.getRandomValues(new Uint8Array(16))),
				[hubHeader.seal]: base64Url(crypto.getRandomValues(new Uint8Array(32)))
			};
			for (let again = 0; again < 2; again += 1) {
				const answer = await use(`status:200:${JSON.stringify({ usage })}`, names);
				expect(answer.status).toBe(200);
				expect(await answer.text()).toContain('event: end');
			}
		}
		expect(await spent()).toMatchObject([{ tokens: 150 }]);
	});

	test('what the provider refuses costs nothing; what says nothing costs its most', async () => {
		const { use, spent } = await capped();
		expect((await (await use('status:429:{}')).text()).length).toBe(2);
		expect(await spent()).toMatchObject([{ tokens: 0 }]);
		expect((await use('status:200:{}')).status).toBe(200);
		expect((await use('status:200:{}')).headers.get('x-wherry-error')).toBe('relay/limit-reached');
	});

	test('holds for two at once', async () => {
		const { use } = await capped();
		const [one, two] = await Promise.all([use('drip:cap'), use('drip:cap2')]);
		expect([one?.status, two?.status].toSorted()).toEqual([200, 402]);
		await one?.body?.cancel();
		await two?.body?.cancel();
	});
});
