// `npm run deploy`: puts Wherry on a Cloudflare account. Repeatable: what is there stays, what is missing is made.
import { build } from './build.mjs';
import { findAccount } from './deploy/account.mjs';
import { waitForHealth } from './deploy/health.mjs';
import { readOptions, usage } from './deploy/options.mjs';
import { DeployProblem } from './deploy/problems.mjs';
import { createProgress, runScript } from './deploy/progress.mjs';
import { readProject } from './deploy/project.mjs';
import { rehearse } from './deploy/rehearse.mjs';
import { isOurs, missingSecrets, tellingCode } from './deploy/secrets.mjs';
import { ensureBucket, rememberAddress, secretNames, upload } from './deploy/worker.mjs';
import { openWrangler } from './deploy/wrangler.mjs';

const patienceMs = Number(process.env.WHERRY_DEPLOY_PATIENCE_MS || 180_000);

await runScript(async () => {
	const options = readOptions(process.argv.slice(2));
	if (options.help) {
		console.log(usage);
		return;
	}
	const project = await readProject(options);
	const wrangler = openWrangler(options);
	try {
		if (options.dryRun) await rehearse({ wrangler, project, options, isUpgrade: false });
		else await deploy(wrangler, project, options);
	} finally {
		wrangler.close();
	}
});

/**
 * @param {import('./deploy/wrangler.mjs').Wrangler} wrangler
 * @param {import('./deploy/project.mjs').Project} project
 * @param {import('./deploy/options.mjs').Options} options
 */
async function deploy(wrangler, { name, buckets }, options) {
	const step = createProgress(5 + (buckets.length > 0 ? 1 : 0));
	await step('Checking the login', async () => ({ value: null, note: await findAccount(wrangler, options) }));
	const present = await step(`Looking for a Worker called ${name}`, async () => {
		const names = await secretNames(wrangler, name);
		// In Workers Builds the button made the Worker a moment ago.
		const isGiven = options.adopt || process.env.WORKERS_CI === '1';
		if (names !== undefined && !isOurs(names) && !isGiven)
			throw new DeployProblem(
				`The account has a Worker called ${name} that was not made by this script.`,
				'Choose another name: --name my-wherry. If it is Wherry and yours: --adopt.'
			);
		return {
			value: names,
			note: names === undefined ? 'none yet: this is the first deployment' : 'found: it gets a new version'
		};
	});
	await step('Building', async () => {
		const { code, output } = await build();
		if (code !== 0)
			throw new DeployProblem(`The build failed.\n${output}`, 'Mend what it names, then start again.');
		return { value: null };
	});
	if (buckets.length > 0)
		await step('Storage buckets', async () => {
			const notes = [];
			for (const bucket of buckets) notes.push(`${bucket.name} ${await ensureBucket(wrangler, bucket.name)}`);
			return { value: null, note: notes.join(', ') };
		});
	const secrets = missingSecrets(present ?? [], options);
	const { address: found } = await step(
		'Uploading code, assets, migrations and missing secrets',
		async () => {
			const value = await tellingCode(secrets.CLAIM_CODE, () => upload(wrangler, { name, secrets }));
			const made = Object.keys(secrets);
			return {
				value,
				note: made.length === 0 ? 'every secret was there already' : `made: ${made.join(', ')}`
			};
		}
	);
	if (secrets.CLAIM_CODE === undefined)
		console.log('      The claim code is the one that an earlier run printed (a new one: --new-claim-code).');
	const address = options.address ?? found;
	if (address === undefined)
		throw new DeployProblem(
			'It is deployed, but at no address that wrangler knows.',
			'Add a `routes` entry, or workers_dev = true, to wrangler.toml.'
		);
	rememberAddress(name, address);
	await step(`Waiting for ${address}/api/health`, async () => {
		await waitForHealth(address, { forMs: patienceMs });
		return { value: null, note: 'it answers' };
	});
	console.log(`\nWherry is at ${address}`);
}
