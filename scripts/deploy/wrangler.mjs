// Runs the installed wrangler, never a global one and never through a shell: the same on every system.
// It asks nobody anything, and what it writes about this run goes with the run.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import { run } from '../run.mjs';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
/** @type {readonly NodeJS.Signals[]} */
const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
const bin = join(root, 'node_modules/wrangler/bin/wrangler.js');

/**
 * @typedef {{code: number, output: string, stdout: string}} Said
 * @typedef {{
 *   run: (args: readonly string[]) => Promise<Said>,
 *   json: (args: readonly string[]) => Promise<{said: Said, value: any}>,
 *   withSecrets: <T>(values: Record<string, string>, use: (file: string) => Promise<T>) => Promise<T>,
 *   events: () => any[],
 *   hide: (text: string) => string,
 *   setToken: (token: string) => void,
 *   setAccount: (id: string) => void,
 *   close: () => void
 * }} Wrangler
 */

/** @param {{config?: string}} [options] @returns {Wrangler} */
export function openWrangler({ config } = {}) {
	const folder = mkdtempSync(join(tmpdir(), 'wherry-deploy-'));
	const written = join(folder, 'events.ndjson');
	/** @type {Record<string, string>} */
	const env = {
		// Without a terminal it fails where it would ask; a wizard in the middle of a script helps nobody.
		CI: '1',
		NO_COLOR: '1',
		FORCE_COLOR: '0',
		WRANGLER_LOG_PATH: join(folder, 'logs'),
		WRANGLER_OUTPUT_FILE_PATH: written
	};
	/** @type {string[]} */
	const hidden = [];
	const hide = (/** @type {string} */ text) =>
		hidden.reduce((shown, one) => shown.replaceAll(one, '•••'), text);
	const close = () => rmSync(folder, { recursive: true, force: true });
	process.once('exit', close);
	// By itself a signal ends a process without its `exit`, and the folder would stay.
	const interrupted = (/** @type {NodeJS.Signals} */ signal) => process.exit(128 + constants.signals[signal]);
	for (const signal of signals) process.once(signal, interrupted);

	/** @param {readonly string[]} args */
	async function say(args) {
		const where = config === undefined ? [] : ['--config', config];
		const said = await run(process.execPath, [bin, ...args, ...where], { env, capture: true });
		return { code: said.code, output: hide(stripVTControlCharacters(said.output)), stdout: said.stdout };
	}

	return {
		run: (args) => say(args),
		async json(args) {
			const said = await say(args);
			return { said, value: parse(said.stdout) };
		},
		/** A file of them, for as long as it takes. */
		async withSecrets(values, use) {
			hidden.push(...Object.values(values));
			const path = join(folder, 'secrets.json');
			try {
				writeFileSync(path, JSON.stringify(values), { mode: 0o600 });
				return await use(path);
			} finally {
				rmSync(path, { force: true });
			}
		},
		/** What wrangler reports about itself, one object a line. */
		events() {
			try {
				return readFileSync(written, 'utf8')
					.split('\n')
					.map(parse)
					.filter((event) => event !== undefined);
			} catch {
				return [];
			}
		},
		hide,
		setToken(token) {
			hidden.push(token);
			env.CLOUDFLARE_API_TOKEN = token;
		},
		setAccount(id) {
			env.CLOUDFLARE_ACCOUNT_ID = id;
		},
		close() {
			close();
			process.off('exit', close);
			for (const signal of signals) process.off(signal, interrupted);
		}
	};
}

/** JSON with chatter before it is found too. @param {string} text */
function parse(text) {
	const start = text.search(/[[{]/);
	if (start < 0) return undefined;
	try {
		return JSON.parse(text.slice(start));
	} catch {
		return undefined;
	}
}
