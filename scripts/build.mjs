// Builds the app and its Worker, unless nothing changed since the last build. `--force` always builds.
import { createHash } from 'node:crypto';
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
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
	if (result.code !== 0) return result;
	// After the app, which empties its folders: the page behind a share link, beside the app's own files.
	const page = await run('vite', ['build', '--mode', 'share-page', '--logLevel', 'warn'], {
		capture: true,
		env: { NODE_ENV: 'production' }
	});
	if (page.code === 0) {
		cpSync('.svelte-kit/output/client/_share', '.svelte-kit/cloudflare/_share', { recursive: true });
		writeFileSync(stamp, now);
	}
	return { code: page.code, output: result.output + page.output };
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
	const { code, output } = await build({ force: process.argv.includes('--force') });
	process.stdout.write(output);
	process.exitCode = code;
}
