// `npm run upgrade`: a new version on the account, looked at before and after, and taken back if it is worse.
import { mkdirSync, writeFileSync } from 'node:fs';
import { build } from './build.mjs';
import { findAccount } from './deploy/account.mjs';
import { askHealth, waitForHealth, worsened } from './deploy/health.mjs';
import { readOptions, usage } from './deploy/options.mjs';
import { DeployProblem } from './deploy/problems.mjs';
import { createProgress, runScript } from './deploy/progress.mjs';
import { readProject } from './deploy/project.mjs';
import { rehearse } from './deploy/rehearse.mjs';
import { isOurs, missingSecrets, tellingCode } from './deploy/secrets.mjs';
import {
	currentVersion,
	ensureBucket,
	knownAddress,
	rememberAddress,
	rollBack,
	secretNames,
	upload
} from './deploy/worker.mjs';
import { openWrangler } from './deploy/wrangler.mjs';

const patienceMs = Number(process.env.WHERRY_DEPLOY_PATIENCE_MS || 90_000);

await runScript(async () => {
	const options = readOptions(process.argv.slice(2));
	if (options.help) {
		console.log(usage);
		return;
	}
	const project = await readProject(options);
	const wrangler = openWrangler(options);
	try {
		if (options.dryRun) await rehearse({ wrangler, project, options, isUpgrade: true });
		else await upgrade(wrangler, project, options);
	} finally {
		wrangler.close();
	}
});

/**
 * @param {import('./deploy/wrangler.mjs').Wrangler} wrangler
 * @param {import('./deploy/project.mjs').Project} project
 * @param {import('./deploy/options.mjs').Options} options
 */
async function upgrade(wrangler, { name, buckets, migrations }, options) {
	const step = createProgress(5);
	await step('Checking the login', async () => ({ value: null, note: await findAccount(wrangler, options) }));
	const before = await step('Noting what is there', async () => {
		const secrets = await secretNames(wrangler, name);
		const versionId = secrets === undefined ? undefined : await currentVersion(wrangler, name);
		if (secrets === undefined || versionId === undefined)
			throw new DeployProblem(
				`There is no Worker called ${name} on this account.`,
				'Begin with `npm run deploy`; another name: --name.'
			);
		if (!isOurs(secrets) && !options.adopt)
			throw new DeployProblem(
				`The Worker called ${name} was not made by this script.`,
				'Another name: --name my-wherry. If it is Wherry and yours: --adopt.'
			);
		const address = options.address ?? knownAddress(name);
		const health = address === undefined ? undefined : await askHealth(address);
		const file = noteDown({ name, at: new Date().toISOString(), versionId, secrets, migrations, health });
		return { value: { versionId, secrets, health }, note: `version ${versionId}, noted in ${file}` };
	});
	console.log(
		'      What Durable Objects hold cannot be exported from outside. An upgrade leaves it where it is, and\n' +
			'      Cloudflare keeps 30 days of each object’s history. Your sessions are in your browsers, not here.'
	);
	if (before.health === undefined)
		console.log('      It did not answer before (or its address is not known): nothing to compare with.');
	await step('Building', async () => {
		const { code, output } = await build();
		if (code !== 0)
			throw new DeployProblem(
				`The build failed.\n${output}`,
				'Nothing was changed. Mend what it names, then start again.'
			);
		return { value: null };
	});
	const uploaded = await step('Uploading the new version', async () => {
		for (const bucket of buckets) await ensureBucket(wrangler, bucket.name);
		const secrets = missingSecrets(before.secrets, options);
		const value = await tellingCode(secrets.CLAIM_CODE, () => upload(wrangler, { name, secrets }));
		return { value, note: `version ${value.versionId ?? 'unknown'}` };
	});
	const address = options.address ?? uploaded.address ?? knownAddress(name);
	if (address === undefined)
		throw new DeployProblem(
			'The new version has no address that is known, so nothing could be checked.',
			'Say it: --address URL.'
		);
	const trouble = await step('Checking the new version', async () => {
		const value = await troubleAt(address, before.health);
		return { value, note: value.length === 0 ? 'healthy' : 'not healthy' };
	});
	if (trouble.length > 0) {
		console.log(
			`${trouble.map((one) => `      · ${one}`).join('\n')}\n      Going back to ${before.versionId}…`
		);
		await rollBack(wrangler, { name, versionId: before.versionId });
		throw new DeployProblem(
			`The upgrade was taken back: ${trouble.join('; ')}`,
			`${address} runs version ${before.versionId} as before. \`npx wrangler tail\` shows what it logs.`
		);
	}
	rememberAddress(name, address);
	console.log(`\n${name} is upgraded, at ${address}`);
}

/** @param {string} address @param {import('./deploy/health.mjs').Health | undefined} before */
async function troubleAt(address, before) {
	try {
		await waitForHealth(address, { forMs: patienceMs });
		// For some seconds the old version may still answer; what counts is what answers then.
		await new Promise((done) => setTimeout(done, Math.min(5000, patienceMs / 10)));
		return worsened(before, await waitForHealth(address, { forMs: patienceMs }));
	} catch (thrown) {
		if (thrown instanceof DeployProblem) return [thrown.message];
		throw thrown;
	}
}

/** @param {{name: string, at: string}} what */
function noteDown(what) {
	mkdirSync('.wrangler/upgrades', { recursive: true });
	const file = `.wrangler/upgrades/${what.name}-${what.at.replaceAll(/[:.]/g, '-')}.json`;
	writeFileSync(file, JSON.stringify(what, null, '\t'));
	return file;
}
