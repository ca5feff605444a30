// Asks a deployed Worker how it is. A new workers.dev address takes a while until it answers.
import { DeployProblem } from './problems.mjs';

/**
 * @typedef {{status: string, features: Record<string, {available: boolean, reason?: string}>, counts?: Record<string, number>}} Health
 */

/** Undefined where it does not answer as Wherry does. @param {string} address @returns {Promise<Health | undefined>} */
export async function askHealth(address) {
	try {
		const answer = await fetch(`${address}/api/health`, {
			signal: AbortSignal.timeout(10_000),
			redirect: 'manual'
		});
		const body = await answer.json();
		return answer.ok && body?.ok === true && body.data?.status === 'ok' ? body.data : undefined;
	} catch {
		return undefined;
	}
}

/** @param {string} address @param {{forMs: number, everyMs?: number}} patience */
export async function waitForHealth(address, { forMs, everyMs = 1500 }) {
	const until = performance.now() + forMs;
	for (;;) {
		const health = await askHealth(address);
		if (health !== undefined) return health;
		if (performance.now() > until)
			throw new DeployProblem(
				`${address}/api/health does not answer as Wherry after ${Math.round(forMs / 1000)} s.`,
				'A first address can take some minutes: open it in a browser. What it logs: `npx wrangler tail`. Where the Worker has another address: --address URL.'
			);
		await new Promise((done) => setTimeout(done, everyMs));
	}
}

/**
 * What got worse between two answers; empty where nothing did.
 * @param {Health | undefined} before @param {Health} after @returns {string[]}
 */
export function worsened(before, after) {
	if (before === undefined) return [];
	const lost = Object.entries(before.features ?? {})
		.filter(([name, { available }]) => available && after.features?.[name]?.available !== true)
		.map(
			([name]) => `${name} was available, and is not: ${after.features?.[name]?.reason ?? 'no reason given'}`
		);
	const fewer = Object.entries(before.counts ?? {})
		.filter(([name, count]) => (after.counts?.[name] ?? 0) < count)
		.map(([name, count]) => `${name}: ${count} before, ${after.counts?.[name] ?? 0} now`);
	return [...lost, ...fewer];
}
