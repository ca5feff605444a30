// What is on the account, and putting something there: all through wrangler.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { DeployProblem, explain, isMissingWorker } from './problems.mjs';

/** @typedef {import('./wrangler.mjs').Wrangler} Wrangler */

/** Names of the Worker's secrets; undefined where there is no such Worker. @param {Wrangler} wrangler @param {string} name */
export async function secretNames(wrangler, name) {
	const { said, value } = await wrangler.json(['secret', 'list', '--name', name, '--format', 'json']);
	if (said.code !== 0 && isMissingWorker(said.output)) return undefined;
	if (said.code !== 0 || !Array.isArray(value))
		throw explain(`Looking for a Worker called ${name}`, said.output);
	return value.map((/** @type {any} */ one) => String(one.name));
}

/** The version that answers most requests. @param {Wrangler} wrangler @param {string} name @returns {Promise<string | undefined>} */
export async function currentVersion(wrangler, name) {
	const { said, value } = await wrangler.json(['deployments', 'status', '--name', name, '--json']);
	if (said.code !== 0 && isMissingWorker(said.output)) return undefined;
	if (said.code !== 0) throw explain('Reading the current version', said.output);
	const versions = Array.isArray(value?.versions) ? value.versions : [];
	return versions.toSorted((/** @type {any} */ a, /** @type {any} */ b) => b.percentage - a.percentage)[0]
		?.version_id;
}

/** @param {Wrangler} wrangler @param {string} bucket @returns {Promise<'there' | 'created'>} */
export async function ensureBucket(wrangler, bucket) {
	const found = await wrangler.run(['r2', 'bucket', 'info', bucket, '--json']);
	if (found.code === 0) return 'there';
	if (!/code: 10006\b|does not exist/i.test(found.output))
		throw explain(`Looking for the bucket ${bucket}`, found.output);
	const made = await wrangler.run(['r2', 'bucket', 'create', bucket]);
	if (made.code !== 0) throw explain(`Creating the bucket ${bucket}`, made.output);
	return 'created';
}

/**
 * Uploads code, assets, Durable Object migrations and missing secrets at once: it is never live without them.
 * @param {Wrangler} wrangler @param {{name: string, secrets: Record<string, string>}} what
 * @returns {Promise<{versionId?: string, address?: string}>}
 */
export async function upload(wrangler, { name, secrets }) {
	// Variables that were set on the account (by the button's form, say) stay as they are.
	const deploy = (/** @type {readonly string[]} */ more) =>
		wrangler.run(['deploy', '--name', name, '--keep-vars', ...more]);
	const said =
		Object.keys(secrets).length === 0
			? await deploy([])
			: await wrangler.withSecrets(secrets, (file) => deploy(['--secrets-file', file]));
	if (said.code !== 0) throw explain('The deployment', said.output);
	const deployed = wrangler.events().findLast((event) => event.type === 'deploy');
	const target = (deployed?.targets ?? []).find(
		(/** @type {unknown} */ one) => typeof one === 'string' && one !== ''
	);
	return {
		...(deployed?.version_id ? { versionId: deployed.version_id } : {}),
		...(target === undefined ? {} : { address: addressOf(target) })
	};
}

/** @param {Wrangler} wrangler @param {{name: string, versionId: string}} to */
export async function rollBack(wrangler, { name, versionId }) {
	const said = await wrangler.run([
		'rollback',
		versionId,
		'--name',
		name,
		'--yes',
		'--message',
		'Wherry: the upgrade was not healthy'
	]);
	if (said.code !== 0)
		throw new DeployProblem(
			`The new version is not healthy, and going back to ${versionId} failed too:\n${said.output.trim()}`,
			`Cloudflare goes back over no Durable Object migration. Otherwise: npx wrangler rollback ${versionId} --name ${name}`
		);
}

/** `wherry.example.org/*`, as a route is written, or an address. @param {string} target */
function addressOf(target) {
	const bare = target.replace(/\s.*$/, '').replace(/\/?\*?$/, '');
	return bare.startsWith('http') ? bare : `https://${bare}`;
}

/** Where a Worker answered last time, so that an upgrade can look before it changes anything. */
const noteFile = '.wrangler/wherry-deployed.json';

/** @param {string} name @returns {string | undefined} */
export function knownAddress(name) {
	try {
		const address = JSON.parse(readFileSync(noteFile, 'utf8'))[name];
		return typeof address === 'string' ? address : undefined;
	} catch {
		return undefined;
	}
}

/** @param {string} name @param {string} address */
export function rememberAddress(name, address) {
	let all = {};
	try {
		all = JSON.parse(readFileSync(noteFile, 'utf8'));
	} catch {
		// None yet.
	}
	mkdirSync('.wrangler', { recursive: true });
	writeFileSync(noteFile, JSON.stringify({ ...all, [name]: address }, null, '\t'));
}
