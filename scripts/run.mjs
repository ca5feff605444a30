// Starts child processes for the other scripts. Node built-ins only.
import { spawn } from 'node:child_process';
import { locate } from './locate.mjs';

/** No telemetry, no lookup of a public address: nothing here talks to anyone but this machine. */
export const quietEnv = {
	...process.env,
	WRANGLER_SEND_METRICS: 'false',
	CLOUDFLARE_CF_FETCH_ENABLED: 'false',
	NO_UPDATE_NOTIFIER: '1'
};

/**
 * Runs a command to its end. With `capture` the output is collected instead of shown.
 * Never rejects: a command that cannot start has code 127.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{env?: Record<string, string>, capture?: boolean}} [options]
 * @returns {Promise<{code: number, output: string, stdout: string}>} `stdout` is the part of `output` that is no complaint
 */
export function run(command, args, { env = {}, capture = false } = {}) {
	return new Promise((resolve) => {
		const [file, ...before] = locate(command);
		const child = spawn(file, [...before, ...args], {
			env: { ...quietEnv, ...env },
			stdio: capture ? ['ignore', 'pipe', 'pipe'] : ['ignore', 'inherit', 'inherit']
		});
		// Nothing goes on for a script that has ended.
		const stop = () => child.kill();
		process.once('exit', stop);
		let output = '';
		let stdout = '';
		child.stdout?.on('data', (chunk) => {
			output += chunk;
			stdout += chunk;
		});
		child.stderr?.on('data', (chunk) => (output += chunk));
		const end = (/** @type {number} */ code, said = '') => {
			process.off('exit', stop);
			resolve({ code, output: output + said, stdout });
		};
		child.on('error', (error) => end(127, `${error.message}\n`));
		child.on('close', (code) => end(code ?? 1));
	});
}
