// Builds the app and its Worker, unless nothing changed since the last build. `--force` always builds.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { run } from './run.mjs';

const stamp = '.svelte-kit/wherry-build';
const product = '.svelte-kit/cloudflare/_worker.js';
const inputs = [
	'src',
	'static',
	'_headers',
	'messages',
	'project.inlang',
	'package-lock.json',
	'svelte.config.js',
	'vite.config.ts',
	'wrangler.kit.toml'
];
/** Written by the build itself, or no part of it. */
const isInput = (/** @type {string} */ path) =>
	!path.startsWith('src/lib/paraglide') && !path.includes('/cache/') && !path.endsWith('.test.ts');

function* filesUnder(/** @type {string} */ path) {
	if (!existsSync(path) || !isInput(path)) return;
	if (!statSync(path).isDirectory()) {
		yield path;
		return;
	}
	for (const name of readdirSync(path).sort()) yield* filesUnder(join(path, name));
}

function fingerprint() {
	const hash = createHash('sha256');
	for (const input of inputs) {
		for (const file of filesUnder(input)) hash.update(`${file}\0`).update(readFileSync(file)).update('\0');
	}
	return hash.digest('hex');
}

/**
 * @param {{force?: boolean}} [options]
 * @returns {Promise<{code: number, output: string}>}
 */
export async function build({ force = false } = {}) {
	const now = fingerprint();
	const isFresh = existsSync(product) && existsSync(stamp) && readFileSync(stamp, 'utf8') === now;
	if (isFresh && !force) return { code: 0, output: '' };
	rmSync(stamp, { force: true });
	const result = await run('vite', ['build', '--logLevel', 'warn'], { capture: true });
	if (result.code === 0) writeFileSync(stamp, now);
	return result;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
	const { code, output } = await build({ force: process.argv.includes('--force') });
	process.stdout.write(output);
	process.exitCode = code;
}
