// `--dry-run`: every step in words, then the bundle that would be uploaded. Talks to nobody.
import { build } from '../build.mjs';
import { DeployProblem, explain } from './problems.mjs';
import { knownAddress } from './worker.mjs';

/**
 * @param {{wrangler: import('./wrangler.mjs').Wrangler, project: import('./project.mjs').Project,
 *   options: import('./options.mjs').Options, isUpgrade: boolean}} what
 */
export async function rehearse({ wrangler, project, options, isUpgrade }) {
	for (const [index, line] of planOf(project, options, isUpgrade).entries())
		console.log(`${index + 1}. ${line}`);
	console.log('\nBuilding and bundling, as it would be uploaded…');
	const { code, output } = await build();
	if (code !== 0)
		throw new DeployProblem(`The build failed.\n${output}`, 'Mend what it names, then start again.');
	const said = await wrangler.run(['deploy', '--dry-run', '--name', project.name]);
	if (said.code !== 0) throw explain('Bundling', said.output);
	const size = /Total Upload: .*/.exec(said.output)?.[0];
	console.log(`${size ?? 'It bundles.'}\nNothing was changed: this was a dry run.`);
}

/**
 * @param {import('./project.mjs').Project} project @param {import('./options.mjs').Options} options @param {boolean} isUpgrade
 * @returns {string[]}
 */
export function planOf({ name, buckets, objects, migrations, others }, options, isUpgrade) {
	const login =
		options.tokenStdin || options.pasteToken
			? 'with the token given for this run'
			: 'by login, CLOUDFLARE_API_TOKEN, or a token asked for';
	const address = options.address ?? knownAddress(name) ?? 'its workers.dev address';
	const upload = `Upload ${name}: code, ${others.join(', ')}; Durable Objects ${objects.join(', ') || 'none'} (migrations ${migrations.join(', ') || 'none'})`;
	if (isUpgrade)
		return [
			`Check the login (${login})`,
			`Note the current version of ${name}, ask ${address} how it is, and write both to .wrangler/upgrades`,
			'Build',
			upload,
			`Ask ${address}/api/health again and compare: features, counts`,
			'Roll back to the noted version if something got worse'
		];
	return [
		`Check the login (${login})`,
		`Look for a Worker called ${name}; stop if it is somebody else's`,
		'Build',
		...buckets.map((bucket) => `Create the R2 bucket ${bucket.name} if it is missing`),
		`${upload}; RELAY_SECRET and CLAIM_CODE are made if missing`,
		`Wait until ${address}/api/health answers`,
		'Print the address and, if it is new, the claim code'
	];
}
