import { describe, expect, it } from 'vitest';
import { mustAsk, readAddress } from './leaving';

describe('a link that others may have written', () => {
	it('is asked about until its host was opened once', () => {
		expect(mustAsk('https://example.com/a', new Set())).toBe(true);
		expect(mustAsk('https://example.com/a', new Set(['example.com']))).toBe(false);
		expect(mustAsk('https://evil.example.com/a', new Set(['example.com']))).toBe(true);
		expect(mustAsk('https://example.com:8443/a', new Set(['example.com']))).toBe(true);
	});

	it('is asked about again where its address carries much', () => {
		const hosts = new Set(['example.com']);
		expect(mustAsk('https://example.com/?page=2', hosts)).toBe(false);
		expect(mustAsk(`https://example.com/?q=${'secret'.repeat(5)}`, hosts)).toBe(true);
		expect(mustAsk(`https://example.com/#${'secret'.repeat(5)}`, hosts)).toBe(true);
	});

	it('is read out decoded', () => {
		expect(
			readAddress('https://xn--pple-43d.com/in%20box?q=my%20notes&k=%F0%9F%8D%B5#at%20the%20end')
		).toEqual({
			host: 'xn--pple-43d.com',
			path: '/in box',
			said: [
				['q', 'my notes'],
				['k', '🍵'],
				['#', 'at the end']
			]
		});
		expect(readAddress('mailto:ada@example.com?body=hello%20there')).toEqual({
			host: 'ada@example.com',
			path: '',
			said: [['body', 'hello there']]
		});
		expect(readAddress('https://example.com/%E0%A4%A').path).toBe('/%E0%A4%A');
	});
});
