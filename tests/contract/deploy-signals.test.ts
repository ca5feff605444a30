/** A deployment that is broken off leaves no secret on the disk, and tells the claim code that it may have set. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openWrangler } from '../../scripts/deploy/wrangler.mjs';

let folder: string;
beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), 'wherry-signals-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** As `scripts/deploy.mjs` uploads, and then never hears from it. */
const uploading = `
	import { tellingCode } from './scripts/deploy/secrets.mjs';
	import { openWrangler } from './scripts/deploy/wrangler.mjs';
	const wrangler = openWrangler();
	await tellingCode('abcd-efgh', () =>
		wrangler.withSecrets({ CLAIM_CODE: 'abcd-efgh' }, (file) => {
			console.log('written ' + file);
			return new Promise((done) => setTimeout(done, 60_000));
		})
	);
`;

describe('a deployment that is broken off', () => {
	test.runIf(process.platform !== 'win32').each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
		'by %s',
		async (signal) => {
			const child = spawn(process.execPath, ['--input-type=module', '--eval', uploading], {
				env: { ...process.env, TMPDIR: folder },
				stdio: ['ignore', 'pipe', 'inherit']
			});
			let output = '';
			child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
			while (!output.includes('\n')) await once(child.stdout, 'data');
			expect(existsSync(/written (.*)/.exec(output)?.[1] ?? '')).toBe(true);
			child.kill(signal);
			const [code] = (await once(child, 'close')) as [number];
			expect(code).toBe(128 + constants.signals[signal]);
			expect(readdirSync(folder)).toEqual([]);
			expect(output).toContain('the claim code is abcd-efgh');
		}
	);

	test('its secrets are gone as soon as they were used, or could not be', async () => {
		const wrangler = openWrangler();
		let path = '';
		const use = (file: string): Promise<void> => {
			path = file;
			expect(existsSync(file)).toBe(true);
			return Promise.reject(new Error('refused'));
		};
		await expect(wrangler.withSecrets({ RELAY_SECRET: 's' }, use)).rejects.toThrow('refused');
		expect(path).not.toBe('');
		expect(existsSync(path)).toBe(false);
		const before = process.listenerCount('SIGINT');
		wrangler.close();
		expect(process.listenerCount('SIGINT')).toBe(before - 1);
	});
});
