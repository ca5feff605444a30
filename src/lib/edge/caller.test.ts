import { expect, test } from 'vitest';
import { pathShape } from './audit';
import { readCaller } from './caller';
import { rateKey } from './rate-limit';

const isLoopback = (address: string, headers: Record<string, string>) => {
	const request = new Request(address, { headers });
	return readCaller(request, new URL(address), {}).isLoopback;
};

test('loopback is this machine by address and by name, not sent by a foreign page', () => {
	const here = { 'cf-connecting-ip': '127.0.0.1' };
	for (const host of ['localhost', '127.0.0.1', '[::1]'])
		expect(isLoopback(`http://${host}:8787/`, here), host).toBe(true);
	expect(isLoopback('http://localhost:8787/', { 'cf-connecting-ip': '::1' })).toBe(true);
	expect(isLoopback('http://localhost:8787/', {})).toBe(false);
	expect(isLoopback('http://localhost.evil.example/', here)).toBe(false);
	expect(isLoopback('http://rebound.example:8787/', here)).toBe(false);
	expect(isLoopback('http://localhost:8787/', { 'cf-connecting-ip': '10.0.0.2' })).toBe(false);
	expect(isLoopback('http://localhost:8787/', { ...here, host: 'evil.example' })).toBe(false);
});

test('one limit for one IPv6 household', () => {
	expect(rateKey('2001:db8:1:2:aaaa::1')).toBe(rateKey('2001:0db8:1:2:bbbb:0:0:9'));
	expect(rateKey('2001:db8:1:2::1')).not.toBe(rateKey('2001:db8:1:3::1'));
	expect(rateKey('2001:db8::1')).toBe('2001:db8:0:0');
	expect(rateKey('192.0.2.1')).toBe('192.0.2.1');
});

test('the audit log keeps a path’s shape, not its identifiers', () => {
	expect(pathShape('/v1/responses/resp_0123456789abcdef/cancel')).toBe('/v1/responses/:id/cancel');
	expect(pathShape('/v1beta/models/gemini-2.5-pro:streamGenerateContent')).toBe(
		'/v1beta/models/gemini-2.5-pro:streamGenerateContent'
	);
});
