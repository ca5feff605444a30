import { describe, expect, test } from 'vitest';
import { checkUrl, isPublicAddress } from './ssrf';
import { badIpv6, badNames, badUrls, privateIpv4, seeded, spellings, wrap } from './ssrf-urls.fixture';

const policy = { ownHosts: ['wherry.example.net'] };
const seed = Number(process.env.SEED ?? 20261120);

describe('nothing private can be asked for, however it is spelled', () => {
	test(`private IPv4 in every encoding (seed ${seed})`, () => {
		const urls = privateIpv4(seeded(seed), 4).flatMap(spellings).flatMap(wrap);
		expect(urls.length).toBeGreaterThan(10_000);
		expect(urls.filter((url) => checkUrl(url, policy).ok)).toEqual([]);
	});

	test('IPv6, local names, schemes, userinfo, ports', () => {
		const urls = [...[...badIpv6, ...badNames].flatMap(wrap), ...badUrls];
		expect(urls.filter((url) => checkUrl(url, policy).ok)).toEqual([]);
	});

	test('white space inside the host does not hide it', () => {
		for (const url of [
			'https://127.0.\t0.1/',
			'https://local\nhost/',
			'\u0000https://127.0.0.1/',
			'https://loc\u00adalhost/'
		])
			expect(checkUrl(url, policy).ok, JSON.stringify(url)).toBe(false);
	});

	test('the relay itself and hosts off the list are refused by name', () => {
		expect(checkUrl('https://wherry.example.net/', policy)).toEqual({ ok: false, reason: 'own-host' });
		const listed = { ...policy, isListed: (host: string) => host === 'example.com' };
		expect(checkUrl('https://example.com/', listed).ok).toBe(true);
		expect(checkUrl('https://evil-example.com/', listed)).toEqual({ ok: false, reason: 'host-not-listed' });
	});

	test('public addresses stay reachable', () => {
		const urls = [
			'https://example.com/a?b=c#d',
			'https://EXAMPLE.com:443/',
			'https://example.com:8443/',
			'https://b\u00fccher.example/',
			'https://example.com/@user/a:b@c',
			'https://example.com?mail=a@b.c',
			'https://1.1.1.1/',
			'https://100.63.255.255/',
			'https://172.32.0.1/',
			'https://192.0.1.1/',
			'https://223.255.255.255/',
			'https://[2606:4700:4700::1111]/',
			'https://[::ffff:8.8.8.8]/',
			'https://[64:ff9b::808:808]/'
		];
		expect(urls.filter((url) => !checkUrl(url, policy).ok)).toEqual([]);
	});

	test('a resolver’s answers are judged by the same table', () => {
		for (const address of ['8.8.8.8', '2a00:1450::1', '::ffff:1.1.1.1'])
			expect(isPublicAddress(address), address).toBe(true);
		for (const address of [
			'10.1.2.3',
			'fd00::1',
			'::ffff:127.0.0.1',
			'::1',
			'fe80::1%eth0',
			'',
			'x',
			'1.2.3',
			'08.8.8.8',
			'1.2.3.4.'
		])
			expect(isPublicAddress(address), address).toBe(false);
	});
});
