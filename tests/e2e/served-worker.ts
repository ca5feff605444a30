/** The built Worker, served as `npm start` serves it, on a port and with a state of its own. */

import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { relayProviders } from '../../src/lib/wire/providers';

export interface ServedWorker {
	readonly origin: string;
	stop(): Promise<void>;
	/** Ends every process of it at once, in the middle of whatever it does. */
	kill(): Promise<void>;
}

/** Every provider of the relay, pointed at one server. */
export function allUpstreams(origin: string): string {
	return JSON.stringify(Object.fromEntries(Object.keys(relayProviders).map((id) => [id, origin])));
}

/**
 * @param environment handed to the Worker, e.g. RELAY_UPSTREAMS
 * @param keptState a folder that outlives this Worker; default: one that goes with it
 */
export async function serveWorker(
	environment: Readonly<Record<string, string>>,
	keptState?: string
): Promise<ServedWorker> {
	const port = await freePort();
	const origin = `http://localhost:${port}`;
	const state = keptState ?? mkdtempSync(join(tmpdir(), 'wherry-e2e-'));
	const child = spawn(process.execPath, ['scripts/serve.mjs'], {
		env: { ...withoutKeys(process.env), ...environment, PORT: String(port), WHERRY_STATE: state },
		stdio: ['ignore', 'pipe', 'pipe'],
		// A group of its own, so that all of it can be killed at once.
		detached: true
	});
	// A run that is interrupted leaves no server behind.
	const stopWithUs = () => void child.kill('SIGTERM');
	process.once('exit', stopWithUs);
	let log = '';
	child.stdout.on('data', (chunk: Buffer) => (log += chunk.toString()));
	child.stderr.on('data', (chunk: Buffer) => (log += chunk.toString()));
	const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));

	const deadline = Date.now() + 60_000;
	while (!(await answers(origin))) {
		if (child.exitCode !== null || Date.now() > deadline) {
			child.kill('SIGKILL');
			throw new Error(`the Worker did not start:\n${log}`);
		}
		await new Promise((resolve) => setTimeout(resolve, 150));
	}
	return {
		origin,
		async stop() {
			child.kill('SIGTERM');
			const late = setTimeout(() => child.kill('SIGKILL'), 5_000);
			await ended;
			clearTimeout(late);
			process.off('exit', stopWithUs);
			if (keptState === undefined) rmSync(state, { recursive: true, force: true });
		},
		async kill() {
			process.off('exit', stopWithUs);
			if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
			await ended;
		}
	};
}

/** A test begins like a first visit, whatever keys the machine has. */
function withoutKeys(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
	return Object.fromEntries(Object.entries(environment).filter(([name]) => !/_(API_KEY|TOKEN)$/.test(name)));
}

async function answers(origin: string): Promise<boolean> {
	try {
		return (await fetch(origin, { signal: AbortSignal.timeout(2_000) })).ok;
	} catch {
		return false;
	}
}

function freePort(): Promise<number> {
	return new Promise((resolve, reject) => {
		const server = createServer();
		server.once('error', reject);
		server.listen(0, '127.0.0.1', () => {
			const address = server.address();
			server.close(() =>
				typeof address === 'object' && address !== null ? resolve(address.port) : reject(new Error('no port'))
			);
		});
	});
}
