import { describe, expect, test } from 'vitest';
import { idempotently } from '../../src/lib/edge/home/idempotently';
import { ask, newRelay, ownedRelay, say } from './relay-owner';

const once = { home: 'a', key: 'a-key-of-a-test', bodyHash: 'h' };

describe('C1 rule 8: one request, one execution', () => {
	test('of a thousand with the same key at once one runs, and all later ones get its answer', async () => {
		const { HOME } = newRelay();
		let ran = 0;
		const run = async (): Promise<Response> => {
			ran += 1;
			await new Promise((done) => setTimeout(done, 50));
			return new Response('done', { status: 201, headers: { 'x-made': 'yes' } });
		};
		const answers = await Promise.allSettled(
			Array.from({ length: 1000 }, () => idempotently(HOME, once, run))
		);
		expect(ran).toBe(1);
		const errors = answers.flatMap((one) => (one.status === 'rejected' ? [String(one.reason.id)] : []));
		expect(new Set(errors)).toEqual(new Set(['http/in-flight']));
		const later = await idempotently(HOME, once, run);
		expect(ran).toBe(1);
		expect(later.status).toBe(201);
		expect(await later.text()).toBe('done');
		expect(later.headers.get('x-made')).toBe('yes');
		expect(later.headers.get('idempotency-replayed')).toBe('true');
		await expect(idempotently(HOME, { ...once, bodyHash: 'other' }, run)).rejects.toMatchObject({
			id: 'http/other-body'
		});
		// Another home's key of the same name is another key.
		expect((await idempotently(HOME, { ...once, home: 'b' }, run)).headers.has('idempotency-replayed')).toBe(
			false
		);
	});

	test('an invitation asked for twice is one invitation', async () => {
		const { relay, owner } = await ownedRelay();
		const asking = { device: owner, method: 'POST', headers: { 'idempotency-key': 'press-once-0001' } };
		const first = await ask(relay, '/api/invites', asking);
		const second = await ask(relay, '/api/invites', asking);
		expect(second.headers.get('idempotency-replayed')).toBe('true');
		expect((await say(second)).data).toEqual((await say(first)).data);
		const bad = await ask(relay, '/api/invites', { ...asking, headers: { 'idempotency-key': 'x' } });
		expect(bad.status).toBe(400);
	});
});
