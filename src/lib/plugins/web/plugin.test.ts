import { describe, expect, it } from 'vitest';
import { testPlugin } from '../../../../tests/contract/plugin';
import { createSkillsWorld } from '../../../../tests/fakes/skills-world';
import type { HostServices } from '../plugin';
import web from './plugin';

function html(body: string, init: ResponseInit = {}): Response {
	return new Response(body, {
		...init,
		headers: { 'content-type': 'text/html; charset=utf-8', ...init.headers }
	});
}

const page = '<title>Example</title><p>This page is an <a href="/more">example</a>.</p>';

testPlugin(web, {
	examples: { web_fetch: { url: 'https://example.com/' } },
	ports: { fetch: async () => html(page) }
});

describe('web', () => {
	it('reads a page directly where the site allows it', async () => {
		const { run, catalog } = await createSkillsWorld([web], { fetch: async () => html(page) });
		const outcome = await run('web_fetch', { url: 'example.com/a#b' });
		expect(outcome.output).toEqual({
			url: 'https://example.com/a',
			title: 'Example',
			text: 'This page is an example.',
			links: ['example (https://example.com/more)'],
			total: 24
		});
		expect(outcome.labels).toEqual({
			integrity: 'untrusted',
			private: false,
			sources: ['https://example.com']
		});
		expect(catalog.say('web_fetch', outcome.output, {})).toBe(
			'Example (https://example.com/a)\n\nThis page is an example.'
		);
	});

	it('else through the relay, and says so where there is none', async () => {
		const asked: string[] = [];
		const relay: NonNullable<HostServices['relay']> = {
			fetchPage: async (url) => (asked.push(url), { url, status: 200, contentType: 'text/html', text: page })
		};
		const blocked = await createSkillsWorld([web], { host: { relay } });
		expect((await blocked.run('web_fetch', { url: 'https://example.com' })).status).toBe('ok');
		const moved = await createSkillsWorld([web], {
			host: { relay },
			fetch: async () => new Response(null, { status: 301, headers: { location: 'https://other.example/' } })
		});
		expect((await moved.run('web_fetch', { url: 'https://example.com' })).status).toBe('ok');
		expect(asked).toEqual(['https://example.com/', 'https://example.com/']);
		const alone = await createSkillsWorld([web]);
		expect((await alone.run('web_fetch', { url: 'https://example.com' })).error).toMatchObject({
			id: 'fetch/failed',
			message: 'example.com does not let other pages read it, and there is no relay here to read it through.'
		});
	});

	it('never takes an address that must not be fetched to the relay', async () => {
		const relay: NonNullable<HostServices['relay']> = {
			fetchPage: () => Promise.reject(new Error('reached the relay'))
		};
		const { run } = await createSkillsWorld([web], { host: { relay } });
		for (const url of [
			'https://127.0.0.1/',
			'file:///etc/passwd.txt',
			'https://x.local/',
			'ftp://example.com/'
		]) {
			expect((await run('web_fetch', { url })).error?.id, url).toBe('fetch/url-not-allowed');
		}
	});

	it('tells the gate which host it would reach, and which need no asking', async () => {
		const { catalog } = await createSkillsWorld([web]);
		expect(catalog.destinations('web_fetch', { url: 'http://EN.wikipedia.org/wiki/Tea' })).toEqual([
			'en.wikipedia.org'
		]);
		expect(catalog.destinations('web_fetch', { url: 'javascript:alert(1)' })).toEqual([
			'an unreadable address'
		]);
		expect(catalog.facts('web_fetch')?.knownDestinations).toContain('en.wikipedia.org');
	});

	it('gives a long page in parts, decodes its charset, and refuses what is no text or too large', async () => {
		const answers: Record<string, () => Response> = {
			'/long': () => html(`<p>${'tea '.repeat(500)}</p>`),
			'/latin': () =>
				new Response(Uint8Array.from([0x3c, 0x70, 0x3e, 0xe9]), {
					headers: { 'content-type': 'text/html; charset=iso-8859-1' }
				}),
			'/json': () => Response.json({ tea: true }),
			'/image': () => new Response('x', { headers: { 'content-type': 'image/png' } }),
			'/huge': () => html('x'.repeat(6_000_000)),
			'/gone': () => html('no', { status: 404 })
		};
		const { run } = await createSkillsWorld([web], {
			fetch: async ({ url }) => (answers[new URL(url).pathname] ?? (() => html('')))()
		});
		const get = (path: string, more = {}) => run('web_fetch', { url: `https://example.com${path}`, ...more });
		expect((await get('/long', { length: 100 })).output).toMatchObject({ total: 1999, next: 100 });
		expect((await get('/long', { from: 1990 })).output).toMatchObject({ text: 'a tea tea', links: [] });
		expect((await get('/latin')).output).toMatchObject({ text: 'é' });
		expect((await get('/json')).output).toMatchObject({ text: '{"tea":true}' });
		expect((await get('/image')).error?.message).toBe('This is no text: image/png.');
		expect((await get('/huge')).error?.id).toBe('fetch/too-large');
		expect((await get('/gone')).error?.message).toBe('example.com answered 404.');
	});
});
