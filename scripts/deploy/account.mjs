// Who deploys, and to which account. A pasted token lives in this process and its children's environment,
// is never written down, and is gone when they end.
import { createInterface } from 'node:readline/promises';
import { DeployProblem, explain, noLogin, tokenForm } from './problems.mjs';

/**
 * @param {import('./wrangler.mjs').Wrangler} wrangler
 * @param {import('./options.mjs').Options} options
 * @returns {Promise<string>} who, in words
 */
export async function findAccount(wrangler, options) {
	if (options.tokenStdin) wrangler.setToken(checkToken(await readAll(process.stdin)));
	else if (options.pasteToken) wrangler.setToken(checkToken(await askHidden()));

	let { said, value } = await wrangler.json(['whoami', '--json']);
	if (value?.loggedIn === false && !options.tokenStdin && !options.pasteToken && process.stdin.isTTY) {
		wrangler.setToken(checkToken(await askHidden()));
		({ said, value } = await wrangler.json(['whoami', '--json']));
	}
	if (value?.loggedIn === false) throw noLogin();
	if (said.code !== 0 || value?.loggedIn !== true) throw explain('Checking the login', said.output);

	const accounts = Array.isArray(value.accounts) ? value.accounts : [];
	const wanted = options.account ?? process.env.CLOUDFLARE_ACCOUNT_ID;
	const chosen =
		wanted === undefined ? accounts[0] : accounts.find((/** @type {any} */ one) => one.id === wanted);
	const list = accounts.map((/** @type {any} */ one) => `  ${one.id}  ${one.name}`).join('\n');
	if (wanted === undefined && accounts.length > 1)
		throw new DeployProblem(
			`The login reaches ${accounts.length} accounts:\n${list}`,
			'Say which one: --account ID'
		);
	if (chosen === undefined)
		throw new DeployProblem(
			wanted === undefined
				? 'The login reaches no account.'
				: `The login does not reach account ${wanted}.${list === '' ? '' : `\n${list}`}`,
			'A token needs the account among its resources and Account Settings · Read.'
		);
	wrangler.setAccount(chosen.id);
	return `${chosen.name} (${chosen.id})`;
}

/** @param {string} text */
function checkToken(text) {
	const token = text.trim();
	// It becomes a header; whatever Cloudflare issues is made of these.
	if (/^[\w.-]{20,400}$/.test(token)) return token;
	throw new DeployProblem('That is no API token.', `Make one at\n  ${tokenForm}`);
}

/** @param {AsyncIterable<unknown>} stream */
async function readAll(stream) {
	let text = '';
	for await (const chunk of stream) text += String(chunk);
	return text;
}

/** Reads a line that is not shown, on a terminal of any system. */
async function askHidden() {
	if (!process.stdin.isTTY) throw noLogin();
	console.log(
		`Paste an API token (it is not shown, used for this run, and forgotten). To make one:\n  ${tokenForm}`
	);
	const asking = createInterface({ input: process.stdin, output: process.stdout, terminal: true });
	// readline echoes by writing to its output; what it would write stays unwritten.
	Object.assign(asking, { _writeToOutput: () => {} });
	try {
		return await asking.question('');
	} finally {
		asking.close();
		console.log('');
	}
}
