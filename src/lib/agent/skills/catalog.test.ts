import { describe, expect, it } from 'vitest';
import { createHastyClock, createSkillsWorld } from '../../../../tests/fakes/skills-world';
import { definePlugin, type Action, type PluginDefinition } from '../../plugins/plugin';
import { issueToken } from '../policy/token';
import { createMemoryStore } from '../storage/memory';

const echo: Action = {
	id: 'echo',
	title: 'Echo',
	description: 'Says it again.',
	input: {
		type: 'object',
		properties: { text: { type: 'string' } },
		required: ['text'],
		additionalProperties: false
	},
	effects: [],
	replay: 'pure',
	run: ({ text }) => Promise.resolve({ text: String(text) })
};

function plugin(
	id: string,
	action: Partial<Action> = {},
	more: Partial<PluginDefinition> = {}
): PluginDefinition {
	return definePlugin({
		id,
		title: id,
		description: id,
		capabilities: ['tools'],
		actions: [{ ...echo, id: id.replaceAll('-', '_'), ...action }],
		...more
	});
}

describe('createCatalog', () => {
	it('OT-05 OT-06 lists malformed plugins as unavailable, with the reason, and keeps the others', async () => {
		const hostile = new Proxy(plugin('hostile'), {
			get() {
				throw new Error('no');
			}
		});
		const { catalog } = await createSkillsWorld([
			plugin('good'),
			plugin('bad', {}, { capabilities: [] }),
			plugin('open', { input: { type: 'object' } }),
			plugin('final', {
				effects: ['irreversible'],
				undo: { label: 'x', capture: async () => null, apply: async () => undefined }
			}),
			plugin('good'),
			plugin('other', { id: 'good' }),
			hostile
		]);
		expect(catalog.tools().map(({ name }) => name)).toEqual(['good']);
		expect(catalog.list().map((card) => `${card.action}: ${card.unavailable ?? 'ok'}`)).toEqual([
			'good: ok',
			'bad: This plugin is malformed: it names no capability.',
			'open: This plugin is malformed: the input of open must be a schema of type object with additionalProperties false.',
			'final: This plugin is malformed: final is irreversible and cannot offer undo.',
			'good: This plugin is malformed: its id belongs to another plugin; the action good belongs to another plugin.',
			'other: This plugin is malformed: the action good belongs to another plugin.',
			'plugin-7: This plugin is malformed: its definition cannot be read.'
		]);
	});

	it('OT-02 OT-41 says what is missing: a host service, a required key', async () => {
		let hasKey = false;
		const { catalog, run } = await createSkillsWorld(
			[
				plugin('past', {}, { needs: ['sessions'] }),
				plugin(
					'mail',
					{},
					{
						hosts: ['api.example.org'],
						secrets: [{ name: 'mail-key', host: 'api.example.org', required: true }]
					}
				)
			],
			{ hasSecret: () => hasKey }
		);
		expect(catalog.check('past', { text: 'x' })?.message).toMatch(/needs the sessions/);
		expect(catalog.check('mail', { text: 'x' })).toMatchObject({
			id: 'skill/unavailable',
			message: 'It needs the key "mail-key" for api.example.org.'
		});
		expect((await run('mail', { text: 'x' })).error?.id).toBe('skill/unavailable');
		hasKey = true;
		expect((await run('mail', { text: 'x' })).status).toBe('ok');
	});

	it('OT-43 switches a skill off, and remembers it', async () => {
		const store = createMemoryStore();
		const first = await createSkillsWorld([plugin('one'), plugin('two')], { store });
		await first.catalog.setEnabled('one', false);
		expect(first.catalog.tools().map(({ name }) => name)).toEqual(['two']);
		const second = await createSkillsWorld([plugin('one'), plugin('two')], { store });
		expect(second.catalog.check('one', { text: 'x' })?.id).toBe('skill/disabled');
		expect(second.catalog.list().map(({ isOn }) => isOn)).toEqual([false, true]);
		await second.catalog.setEnabled('one', true);
		expect(second.catalog.check('one', { text: 'x' })).toBeUndefined();
	});

	it('refuses unknown skills and arguments that do not fit, as data', async () => {
		const { catalog, run } = await createSkillsWorld([plugin('one')]);
		expect(catalog.facts('nope')).toBeUndefined();
		expect((await run('nope')).error?.id).toBe('skill/unknown');
		expect((await run('one', { txt: 1 })).error).toMatchObject({
			id: 'skill/bad-arguments',
			data: {
				problems: [
					{ path: 'text', problem: 'is required' },
					{ path: 'txt', problem: 'is not known' }
				]
			}
		});
	});

	it('runs nothing without a token for that very call, and takes each only once', async () => {
		const { catalog } = await createSkillsWorld([plugin('one')]);
		const token = issueToken('right', 'gate');
		const run = {
			token,
			action: 'one',
			args: { text: 'x' },
			effectKey: 'k',
			now: 0,
			signal: new AbortController().signal,
			onProgress: () => undefined
		};
		await expect(catalog.run({ ...run, callHash: 'wrong' })).rejects.toMatchObject({
			id: 'gate/approval-mismatch'
		});
		expect((await catalog.run({ ...run, callHash: 'right' })).status).toBe('ok');
		await expect(catalog.run({ ...run, callHash: 'right' })).rejects.toMatchObject({
			id: 'gate/approval-used'
		});
	});

	it('OT-01 lets a plugin reach only its declared hosts, and follows no redirect away from them', async () => {
		const seen: string[] = [];
		const reach = (id: string, hosts: readonly string[]): PluginDefinition =>
			plugin(
				id,
				{ run: async ({ text }, { fetch }) => (await fetch(new Request(String(text)))).status },
				{ hosts }
			);
		const { run } = await createSkillsWorld([reach('one', ['a.example']), reach('any', ['*'])], {
			fetch: async ({ url }) => {
				seen.push(url);
				if (url.endsWith('/away'))
					return new Response(null, { status: 302, headers: { location: 'https://b.example/' } });
				if (url.endsWith('/near'))
					return new Response(null, { status: 302, headers: { location: '/there' } });
				return new Response('ok');
			}
		});
		expect((await run('one', { text: 'https://a.example/x' })).output).toBe(200);
		expect((await run('one', { text: 'https://a.example/near' })).output).toBe(200);
		for (const refused of [
			'https://b.example/',
			'http://a.example/',
			'https://a.example:444/',
			'https://a.example.b.example/',
			'https://a.example/away'
		]) {
			expect((await run('one', { text: refused })).error?.id, refused).toBe('fetch/url-not-allowed');
		}
		for (const refused of [
			'https://localhost/',
			'https://127.0.0.1/',
			'https://0x7f.1/',
			'https://[::1]/',
			'https://router/',
			'https://x.local/',
			'https://x.internal./'
		]) {
			expect((await run('any', { text: refused })).error?.id, refused).toBe('fetch/url-not-allowed');
		}
		expect(seen).toEqual([
			'https://a.example/x',
			'https://a.example/near',
			'https://a.example/there',
			'https://a.example/away'
		]);
	});

	it('stops at the time limit and at an abort, and lets nothing through afterwards', async () => {
		let late: Promise<string> = Promise.resolve('');
		const slow = plugin(
			'slow',
			{
				timeoutMs: 5000,
				effects: ['writeLocal'],
				run: (_input, { storage, fetch }) =>
					new Promise((resolve) => {
						late = (async () => {
							await new Promise((wake) => setTimeout(wake, 200));
							resolve(null);
							try {
								storage.put('late', 1);
							} catch {
								return await fetch(new Request('https://a.example')).then(
									() => 'reached',
									() => 'refused'
								);
							}
							return 'written';
						})();
					})
			},
			{ hosts: ['a.example'] }
		);
		const { run } = await createSkillsWorld([slow], {
			clock: createHastyClock(50),
			fetch: () => Promise.resolve(new Response('ok'))
		});
		const timedOut = await run('slow', { text: 'x' });
		expect(timedOut).toMatchObject({ status: 'error', error: { id: 'skill/timeout' }, writes: [] });
		expect(await late).toBe('refused');
		const stop = new AbortController();
		const stopped = run('slow', { text: 'x' }, { signal: stop.signal });
		stop.abort();
		expect((await stopped).error?.id).toBe('skill/stopped');
	});

	it('turns anything thrown into an outcome', async () => {
		const thrown: unknown[] = [
			new Error('x'.repeat(2000)),
			'text',
			undefined,
			Object.create(null),
			{ toString: null }
		];
		const { run } = await createSkillsWorld([
			plugin('boom', { run: ({ text }) => Promise.reject(thrown[Number(text)]) })
		]);
		for (const index of thrown.keys()) {
			const { status, error } = await run('boom', { text: String(index) });
			expect(status).toBe('error');
			expect(error?.id).toBe('skill/failed');
			expect(JSON.stringify(error).length).toBeLessThan(1000);
		}
	});

	it('cuts an output that is too large, and says so', async () => {
		const { run } = await createSkillsWorld([
			plugin('big', { run: () => Promise.resolve(['é'.repeat(300_000)]) })
		]);
		const { output } = await run('big', { text: 'x' });
		expect(output).toMatchObject({ isTruncated: true });
		expect(JSON.stringify(output).length).toBeLessThan(256 * 1024);
	});

	it('limits calls a minute', async () => {
		let now = 0;
		const { run } = await createSkillsWorld([plugin('one', { rateLimit: 2 })], {
			clock: { now: () => now, sleep: () => new Promise(() => undefined) }
		});
		const ids = [];
		for (let use = 0; use < 3; use++) ids.push((await run('one', { text: 'x' })).error?.id);
		expect(ids).toEqual([undefined, undefined, 'skill/rate-limited']);
		now += 60_001;
		expect((await run('one', { text: 'x' })).status).toBe('ok');
	});

	it('carries labels from the arguments into rows, and from rows into results', async () => {
		const keep = plugin('keep', {
			effects: ['writeLocal'],
			run: async ({ text }, { storage }) => storage.put('k', String(text)) ?? null
		});
		const { run } = await createSkillsWorld([
			{
				...keep,
				actions: [
					...keep.actions,
					{ ...echo, id: 'keep_read', run: async (_input, { storage }) => (await storage.get('k')) ?? null },
					{ ...echo, id: 'keep_scan', run: async (_input, { storage }) => (await storage.scan()).length },
					{
						...echo,
						id: 'keep_source',
						run: async (_input, { addSource }) => addSource('https://a.example') ?? null
					}
				]
			}
		]);
		await run('keep', { text: 'poison' }, { untrusted: true });
		expect((await run('keep_read', { text: 'x' })).labels).toEqual({
			integrity: 'untrusted',
			private: false,
			sources: ['https://evil.example']
		});
		expect((await run('keep_scan', { text: 'x' })).labels.integrity).toBe('own');
		expect((await run('keep_source', { text: 'x' })).labels).toEqual({
			integrity: 'untrusted',
			private: false,
			sources: ['https://a.example']
		});
	});

	it('signs only for the host that the secret belongs to', async () => {
		const signing = plugin(
			'signing',
			{
				run: async ({ text }, { signedFetch }) =>
					(await signedFetch('key', new Request(String(text)))).headers.get('x-echo')
			},
			{ hosts: ['a.example', 'b.example'], secrets: [{ name: 'key', host: 'a.example', required: false }] }
		);
		const { run } = await createSkillsWorld([signing], {
			sign: async (_secret, request, header) =>
				new Request(request, { headers: { [header]: 'Bearer s3cret' } }),
			fetch: async ({ headers }) =>
				new Response('', { headers: { 'x-echo': headers.get('authorization') ?? '' } })
		});
		expect((await run('signing', { text: 'https://a.example/' })).output).toBe('Bearer s3cret');
		expect((await run('signing', { text: 'https://b.example/' })).error?.id).toBe('vault/wrong-origin');
	});

	it('hashes a definition by what the gate was told, not by its code or title', async () => {
		const hash = async (action: Partial<Action>): Promise<string | undefined> =>
			(await createSkillsWorld([plugin('one', action)])).catalog.facts('one')?.defHash;
		expect(await hash({})).toMatch(/^[0-9a-f]{64}$/);
		expect(await hash({ title: 'Other', run: async () => null })).toBe(await hash({}));
		expect(await hash({ effects: ['spend'] })).not.toBe(await hash({}));
		expect(await hash({ description: 'Other.' })).not.toBe(await hash({}));
	});

	it('never throws from what it says about hostile arguments', async () => {
		const { catalog } = await createSkillsWorld([
			plugin('one', {
				gist: () => {
					throw new Error('no');
				},
				destinations: () => {
					throw new Error('no');
				}
			})
		]);
		expect(catalog.gist('one', { text: `a\n${'b'.repeat(200)}` })).toHaveLength(80);
		expect(catalog.gist('one', null)).toBe('');
		expect(catalog.destinations('one', {})).toEqual(['an unreadable address']);
	});
});
