// What may follow `npm run deploy --` and `npm run upgrade --`. Pure: reads no environment and asks nobody.
import { parseArgs } from 'node:util';
import { DeployProblem } from './problems.mjs';

export const usage = `npm run deploy -- [options]      npm run upgrade -- [options]

  --dry-run          show every step, build and bundle, talk to nobody
  --name NAME        the Worker's name on the account (default: as in wrangler.toml)
  --account ID       which account, where the login reaches several
  --address URL      where the Worker answers, if not at its workers.dev address
  --token-stdin      read an API token from standard input, for this run only
  --paste-token      ask for an API token, for this run only, though there is a login
  --adopt            take over a Worker of that name which this script did not make
  --new-claim-code   replace the claim code
  --config PATH      another wrangler.toml`;

/**
 * @typedef {{dryRun: boolean, name?: string, account?: string, address?: string, tokenStdin: boolean,
 *   pasteToken: boolean, adopt: boolean, newClaimCode: boolean, config?: string, help: boolean}} Options
 */

/** @param {readonly string[]} words @returns {Options} */
export function readOptions(words) {
	const text = { type: /** @type {const} */ ('string') };
	const flag = { type: /** @type {const} */ ('boolean'), default: false };
	try {
		const { values } = parseArgs({
			args: [...words],
			options: {
				'dry-run': flag,
				name: text,
				account: text,
				address: text,
				'token-stdin': flag,
				'paste-token': flag,
				adopt: flag,
				'new-claim-code': flag,
				config: text,
				help: flag
			}
		});
		const address = values.address === undefined ? undefined : plainAddress(values.address);
		return {
			dryRun: values['dry-run'],
			tokenStdin: values['token-stdin'],
			pasteToken: values['paste-token'],
			adopt: values.adopt,
			newClaimCode: values['new-claim-code'],
			help: values.help,
			...(values.name === undefined ? {} : { name: workerName(values.name) }),
			...(values.account === undefined ? {} : { account: values.account }),
			...(values.config === undefined ? {} : { config: values.config }),
			...(address === undefined ? {} : { address })
		};
	} catch (thrown) {
		if (thrown instanceof DeployProblem) throw thrown;
		throw new DeployProblem(thrown instanceof Error ? thrown.message : String(thrown), usage, thrown);
	}
}

/** @param {string} name */
function workerName(name) {
	if (/^[a-z0-9](?:[a-z0-9-]{0,52}[a-z0-9])?$/.test(name)) return name;
	throw new DeployProblem(
		`"${name}" cannot be the name of a Worker.`,
		'Use lower-case letters, digits and hyphens, at most 54, for example --name my-wherry.'
	);
}

/** @param {string} address */
function plainAddress(address) {
	const url = URL.canParse(address) ? new URL(address) : undefined;
	if (url !== undefined && /^https?:$/.test(url.protocol)) return url.origin;
	throw new DeployProblem(`"${address}" is no address.`, 'Write it as --address https://wherry.example.org');
}
