import { describe, expect, it } from 'vitest';
import { bitmapType, loadImage } from './load-image';

const png = new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0]);
const found = { 'x-wherry-url': 'https://example.com/a.png', 'x-wherry-status': '200' };

describe('a picture from elsewhere', () => {
	it('is asked of the relay, and shown as what its bytes are', async () => {
		const asked: [unknown, RequestInit | undefined][] = [];
		const loaded = await loadImage('https://example.com/a.png', (url, init) => {
			asked.push([url, init]);
			return Promise.resolve(new Response(png, { headers: { ...found, 'content-type': 'text/html' } }));
		});
		expect(asked[0]?.[0]).toBe('/api/fetch');
		expect(asked[0]?.[1]?.body).toContain('https://example.com/a.png');
		expect('blob' in loaded && loaded.blob.type).toBe('image/png');
	});

	it.each([
		['a drawing that could hold script', '<svg xmlns="http://www.w3.org/2000/svg"><script/></svg>'],
		['a page', '<!doctype html><h1>no</h1>'],
		['nothing', '']
	])('is refused where it is %s', async (_what, body) => {
		const loaded = await loadImage('https://example.com/a.png', () =>
			Promise.resolve(new Response(body, { headers: { ...found, 'content-type': 'image/png' } }))
		);
		expect('why' in loaded && loaded.why).toMatch(/no picture/);
	});

	it('says what the relay says where it may not be fetched', async () => {
		const body = JSON.stringify({
			ok: false,
			error: { id: 'fetch/url-not-allowed', message: 'Not that one.' }
		});
		const loaded = await loadImage('https://10.0.0.1/a.png', () =>
			Promise.resolve(new Response(body, { status: 403 }))
		);
		expect('why' in loaded && loaded.why).toContain('Not that one.');
		const lost = await loadImage('https://example.com/a.png', () =>
			Promise.reject(new TypeError('Failed to fetch'))
		);
		expect('why' in lost && lost.why).toContain('Failed to fetch');
	});

	it('is known by its first bytes', () => {
		const typeOf = (text: string) => bitmapType(Uint8Array.from(text, (one) => one.charCodeAt(0)));
		expect(typeOf('GIF89a……')).toBe('image/gif');
		expect(typeOf('\xff\xd8\xff\xe0')).toBe('image/jpeg');
		expect(typeOf('RIFF0000WEBPVP8 ')).toBe('image/webp');
		expect(typeOf('0000ftypavif')).toBe('image/avif');
		expect(typeOf('RIFF0000WAVE')).toBeUndefined();
	});
});
