// What can stand in the way of a deployment, in a sentence each with what to do next. Recognised by the
// words of wrangler and the codes of Cloudflare's API.

/** Fields of the token form are filled in by this address; the person still chooses the account. */
export const tokenForm = `https://dash.cloudflare.com/profile/api-tokens?permissionGroupKeys=${encodeURIComponent(
	JSON.stringify([
		{ key: 'workers_scripts', type: 'edit' },
		{ key: 'account_settings', type: 'read' },
		{ key: 'memberships', type: 'read' }
	])
)}&accountId=*&zoneId=all&name=Wherry`;

const permissions =
	'Account · Workers Scripts · Edit, Account · Account Settings · Read, User · Memberships · Read';

export class DeployProblem extends Error {
	/** @param {string} problem @param {string} next what the person can do @param {unknown} [cause] */
	constructor(problem, next, cause) {
		super(problem, cause === undefined ? {} : { cause });
		this.next = next;
	}
}

export const noLogin = () =>
	new DeployProblem(
		'There is no Cloudflare login and no API token.',
		`Run \`npx wrangler login\`, or make a token at\n  ${tokenForm}\nand start again: it is asked for, used for this run and forgotten. Without a terminal: --token-stdin, or CLOUDFLARE_API_TOKEN.`
	);

/** First that fits wins. */
const known = [
	{
		when: /code: (?:1000|9109|6003|6111|9103)\b|Invalid API Token|Invalid access token|Invalid request headers/i,
		problem:
			'Cloudflare does not know this token (mistyped, expired, revoked, or for an address it is not allowed from).',
		next: `Make a new one at\n  ${tokenForm}\nor run \`npx wrangler login\`.`
	},
	{
		when: /register a workers\.dev subdomain|code: 10063\b/i,
		problem: 'The account has no workers.dev subdomain yet, so the Worker would have no address.',
		next: 'Open https://dash.cloudflare.com/?to=/:account/workers-and-pages once and choose a name, then start again. With a domain of your own: a `routes` entry in wrangler.toml and --address.'
	},
	{
		when: /code: 10000\b|Authentication error|code: 10001\b|not authorized|insufficient permission|code: 9106\b/i,
		problem: 'The login or token may not do this on that account.',
		next: `It needs: ${permissions} (and Account · Workers R2 Storage · Edit where wrangler.toml names a bucket). Make one at\n  ${tokenForm}`
	},
	{
		when: /More than one account available/i,
		problem: 'The login reaches several accounts.',
		next: 'Say which one: --account ID (`npx wrangler whoami` lists them).'
	},
	{
		when: /code: 10042\b|enable R2/i,
		problem: 'R2 is not switched on for this account.',
		next: 'Open https://dash.cloudflare.com/?to=/:account/r2 once and switch it on, or take the bucket out of wrangler.toml.'
	},
	{
		when: /code: 10027\b|code: 10037\b|exceeded the limit|exceeded the size limit/i,
		problem: 'The account’s plan does not hold this Worker.',
		next: 'README.md has the limits of the free plan; delete a Worker you no longer need, or change the plan.'
	},
	{
		when: /code: 100(?:74|79|64|61)\b|migration/i,
		problem: 'The Durable Objects on the account do not fit those of wrangler.toml.',
		next: 'Never remove or rename an entry of [[migrations]] that was deployed. Deploy under another --name to begin anew.'
	},
	{
		when: /ENOTFOUND|ECONNREFUSED|ECONNRESET|ETIMEDOUT|EAI_AGAIN|fetch failed/i,
		problem: 'Cloudflare’s API cannot be reached from here.',
		next: 'Check the connection (and HTTPS_PROXY, if there is a proxy), then start again: nothing is done twice.'
	}
];

/**
 * @param {string} doing what was tried, as the sentence `… failed`
 * @param {string} output what wrangler said
 */
export function explain(doing, output) {
	const found = known.find(({ when }) => when.test(output));
	const tail = output.trim().split('\n').slice(-25).join('\n');
	if (found === undefined)
		return new DeployProblem(
			`${doing} failed. Wrangler said:\n${tail}`,
			'Mend that, then start again: nothing is done twice.'
		);
	return new DeployProblem(`${doing} failed: ${found.problem}`, found.next, tail);
}

/** No Worker of that name: wrangler's words, or the API's codes. @param {string} output */
export const isMissingWorker = (output) =>
	/Worker "[^"]*" not found|does not exist on your account|code: (?:10007|10090|10092)\b/.test(output);
