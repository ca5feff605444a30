// What wrangler.toml says this Worker is: its name, what it is bound to, its Durable Objects. Read by
// wrangler's own reader, so that both mean the same.
import { existsSync } from 'node:fs';
import { DeployProblem } from './problems.mjs';

/**
 * @typedef {{name: string, buckets: {binding: string, name: string}[], objects: string[], migrations: string[], others: string[]}} Project
 */

/** @param {import('./options.mjs').Options} options @returns {Promise<Project>} */
export async function readProject(options) {
	const path = options.config ?? 'wrangler.toml';
	if (!existsSync(path))
		throw new DeployProblem(`There is no ${path} here.`, 'Run this in the folder of the project.');
	const { experimental_readRawConfig: read } = await import('wrangler');
	/** @type {any} */
	let raw;
	try {
		({ rawConfig: raw } = read({ config: path }));
	} catch (thrown) {
		throw new DeployProblem(
			`${path} cannot be read: ${thrown instanceof Error ? thrown.message : thrown}`,
			'Mend the line that it names.',
			thrown
		);
	}
	// In Workers Builds (the button) the person chose a name in a form.
	const name = options.name ?? process.env.WRANGLER_CI_OVERRIDE_NAME ?? raw.name;
	if (typeof name !== 'string')
		throw new DeployProblem(`${path} gives the Worker no name.`, 'Add name = "wherry", or use --name.');
	return {
		name,
		buckets: list(raw.r2_buckets).map((one) => ({
			binding: one.binding,
			name: one.bucket_name ?? `${name}-${one.binding.toLowerCase().replaceAll('_', '-')}`
		})),
		objects: list(raw.durable_objects?.bindings).map((one) => one.class_name),
		migrations: list(raw.migrations).map((one) => one.tag),
		others: [
			...(raw.assets === undefined ? [] : ['static assets']),
			...(list(raw.ratelimits).length === 0 ? [] : ['rate limit']),
			...(raw.ai === undefined ? [] : ['Workers AI']),
			...list(raw.kv_namespaces).map((one) => `KV ${one.binding}`),
			...list(raw.d1_databases).map((one) => `D1 ${one.binding}`)
		]
	};
}

/** @param {unknown} value @returns {any[]} */
function list(value) {
	return Array.isArray(value) ? value : [];
}
