/** The decisions of a deployment, without an account: what is missing, what got worse, what a name means on Windows. */

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { worsened } from '../../scripts/deploy/health.mjs';
import { readOptions } from '../../scripts/deploy/options.mjs';
import { explain, isMissingWorker } from '../../scripts/deploy/problems.mjs';
import { isOurs, missingSecrets } from '../../scripts/deploy/secrets.mjs';
import { locate } from '../../scripts/locate.mjs';

describe('secrets of a deployment', () => {
	test('only what is missing is made, and never the same twice', () => {
		const made = missingSecrets([]);
		expect(Object.keys(made)).toEqual(['RELAY_SECRET', 'CLAIM_CODE']);
		expect(made['CLAIM_CODE']).toMatch(/^([2-9a-z]{4}-){6}[2-9a-z]{4}$/);
		expect(missingSecrets([])['RELAY_SECRET']).not.toBe(made['RELAY_SECRET']);
		expect(missingSecrets(['RELAY_SECRET', 'CLAIM_CODE', 'OTHER'])).toEqual({});
		expect(Object.keys(missingSecrets(['RELAY_SECRET', 'CLAIM_CODE'], { newClaimCode: true }))).toEqual([
			'CLAIM_CODE'
		]);
		expect(isOurs(['CLAIM_CODE'])).toBe(false);
	});
});

describe('an upgrade is worse', () => {
	const before = {
		status: 'ok',
		features: { relay: { available: true }, ai: { available: false } },
		counts: { rooms: 3 }
	};
	test('where a feature is gone or something counts less, and only there', () => {
		expect(worsened(undefined, before)).toEqual([]);
		expect(worsened(before, { ...before, counts: { rooms: 4 } })).toEqual([]);
		expect(worsened(before, { ...before, counts: {} })).toEqual(['rooms: 3 before, 0 now']);
		expect(worsened(before, { ...before, features: { ai: { available: true } } })[0]).toContain(
			'relay was available'
		);
	});
});

describe('what stands in the way', () => {
	test('every known trouble has its own next step, and an unknown one shows what wrangler said', () => {
		for (const said of [
			'[code: 1000]',
			'[code: 10000]',
			'register a workers.dev subdomain',
			'More than one account available',
			'[code: 10042]',
			'[code: 10027]',
			'fetch failed'
		])
			expect(explain('It', said).message, said).not.toContain('Wrangler said');
		expect(explain('It', 'a new trouble').message).toContain('a new trouble');
		expect(isMissingWorker('✘ [ERROR] Worker "wherry" not found.')).toBe(true);
		expect(isMissingWorker('Authentication error [code: 10000]')).toBe(false);
	});
	test('options that make no sense are refused in a sentence', () => {
		for (const words of [['--name', 'My Wherry'], ['--address', 'nowhere'], ['--what']])
			expect(() => readOptions(words)).toThrow();
		expect(readOptions(['--address', 'https://a.example/x']).address).toBe('https://a.example');
	});
});

describe('commands on every system (OT-35)', () => {
	test('on Windows a command is its package’s script, run by Node; elsewhere PATH finds it', () => {
		const root = mkdtempSync(join(tmpdir(), 'wherry-locate-'));
		for (const [name, bin] of [
			['vite', { vite: 'bin/vite.js' }],
			['@scope/tool', 'cli.js']
		] as const) {
			mkdirSync(join(root, 'node_modules', name), { recursive: true });
			writeFileSync(join(root, 'node_modules', name, 'package.json'), JSON.stringify({ bin }));
		}
		writeFileSync(
			join(root, 'package.json'),
			JSON.stringify({ devDependencies: { vite: '1', '@scope/tool': '1' } })
		);
		const on = (platform: string, command: string) =>
			locate(command, { platform, root, npm: join(root, 'npm-cli.js') });
		expect(on('linux', 'vite')).toEqual(['vite']);
		expect(on('win32', 'vite')).toEqual([process.execPath, join(root, 'node_modules/vite/bin/vite.js')]);
		expect(on('win32', 'tool')).toEqual([process.execPath, join(root, 'node_modules/@scope/tool/cli.js')]);
		expect(on('win32', 'npm')).toEqual([process.execPath, join(root, 'npm-cli.js')]);
		expect(on('win32', 'npx')).toEqual([process.execPath, join(root, 'npx-cli.js')]);
		expect(on('win32', process.execPath)).toEqual([process.execPath]);
		rmSync(root, { recursive: true });
	});
});

describe('the Deploy to Cloudflare button (OT-34)', () => {
	const described = Object.keys(JSON.parse(readFileSync('package.json', 'utf8')).cloudflare.bindings);
	const wrangler = readFileSync('wrangler.toml', 'utf8');
	test('every binding of wrangler.toml and every name that it asks for is described', () => {
		const live = wrangler.replace(/^#.*$/gm, '');
		const bindings = [...live.matchAll(/^(?:binding|name) = "([A-Z_]+)"/gm)].map(([, name]) => name);
		const asked = [...readFileSync('.dev.vars.example', 'utf8').matchAll(/^([A-Z_]+)=/gm)].map(
			([, name]) => name
		);
		expect(described).toEqual(expect.arrayContaining([...bindings, ...asked]));
		expect(asked).toEqual(['RELAY_SECRET', 'CLAIM_CODE']);
	});
});
