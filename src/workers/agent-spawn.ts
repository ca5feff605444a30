/**
 * Makes the agent worker under Trusted Types and notices its death. A terminated worker fires no
 * event, but the Web Lock that it holds under its own name is released at once: that is the
 * signal; a slow heartbeat is the fallback where the worker holds no such lock.
 */

import { transfer, wrap } from 'comlink';
import type {
	AgentEndpoint,
	AgentWorker,
	CommandInput,
	CommandName,
	CommandOutput,
	Result
} from '../lib/wire/commands';
import agentUrl from './agent.worker.ts?worker&url';
import type { SpawnedAgent } from './agent-client';
import { lendBuiltinModel } from './builtin-page';

interface ScriptPolicy {
	createScriptURL(url: string): string;
}
interface PolicyFactory {
	createPolicy(name: string, rules: ScriptPolicy): ScriptPolicy;
}
declare global {
	interface Window {
		readonly trustedTypes?: PolicyFactory;
	}
}

// One policy, one address: nothing else can become a script of this page.
const rules: ScriptPolicy = {
	createScriptURL(url) {
		if (url !== agentUrl) throw new TypeError('Only the agent worker may be started.');
		return url;
	}
};
const policy = window.trustedTypes?.createPolicy('wherry', rules) ?? rules;

const heartbeatMs = 10_000;
const silenceMs = 30_000;
/** A slow machine on a slow network loads the worker's script in less. */
const startWithinMs = 60_000;

export function spawnAgent(): SpawnedAgent {
	const name = `wherry-agent-${crypto.randomUUID()}`;
	const worker = new Worker(policy.createScriptURL(agentUrl), { type: 'module', name });
	const remote = wrap<AgentWorker>(worker);
	const stop = new AbortController();

	const endpoint: AgentEndpoint = {
		attach: async (port) => {
			await remote.attach(transfer(port, [port]));
			const lent = lendBuiltinModel();
			// A model that cannot be lent is one model fewer, not a dead worker.
			if (lent !== undefined) await remote.lendModel(transfer(lent, [lent])).catch(() => undefined);
			isAttached = true;
		},
		lendModel: (port) => remote.lendModel(transfer(port, [port])),
		// Comlink's types forget that the answer depends on the name; the wire contract does not.
		call: <K extends CommandName>(command: K, commandId: string, input: CommandInput<K>) =>
			// eslint-disable-next-line @typescript-eslint/consistent-type-assertions
			remote.call(command, commandId, input) as Promise<Result<CommandOutput<K>>>
	};

	let declareDead = (): void => undefined;
	const died = new Promise<void>((resolve) => {
		declareDead = resolve;
	});

	let isAttached = false;

	/** From the first moment on: a worker can also die while it starts. */
	async function watchLock(): Promise<void> {
		const until = performance.now() + startWithinMs;
		while (!(await isLockHeld())) {
			if (stop.signal.aborted || isAttached) return;
			if (performance.now() > until) return declareDead();
			await new Promise((resolve) => setTimeout(resolve, 50));
		}
		await navigator.locks.request(name, { signal: stop.signal }, () => declareDead()).catch(() => undefined);
	}

	async function isLockHeld(): Promise<boolean> {
		const { held = [] } = await navigator.locks.query();
		return held.some((lock) => lock.name === name);
	}
	void watchLock();

	document.addEventListener('freeze', () => void remote.freeze(), { signal: stop.signal });

	// A worker whose script cannot load or that throws before it listens never answers.
	let hasAnswered = false;
	worker.addEventListener('error', () => {
		if (!hasAnswered) declareDead();
	});
	worker.addEventListener('message', () => {
		hasAnswered = true;
	});

	let asked = 0;
	const timer = setInterval(() => {
		if (document.hidden || !hasAnswered) {
			asked = 0;
			return;
		}
		const now = performance.now();
		if (asked !== 0) {
			if (now - asked > silenceMs) declareDead();
			return;
		}
		asked = now;
		void remote.call('app.status', crypto.randomUUID(), null).then(
			() => (asked = 0),
			() => (asked = 0)
		);
	}, heartbeatMs);

	return {
		endpoint,
		died,
		end() {
			clearInterval(timer);
			stop.abort();
			worker.terminate();
		}
	};
}
