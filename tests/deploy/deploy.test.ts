/** `npm run deploy` and `npm run upgrade` as a person runs them, through the real wrangler, to a stand-in account. */

import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startCloudflareApi, type CloudflareApi } from './cloudflare-api';

let api: CloudflareApi;
let home: string;
let site: { server: Server; address: string; health: unknown };
const name = `wherry-test-${process.pid}`;

beforeEach(async () => {
	api = await startCloudflareApi();
	home = mkdtempSync(join(tmpdir(), 'wherry-home-'));
	const server = createServer((_request, response) => {
		response.setHeader('content-type', 'application/json');
		response.end(JSON.stringify(site.health));
	}).listen(0, '127.0.0.1');
	await once(server, 'listening');
	const address = server.address();
	const port = typeof address === 'object' && address !== null ? address.port : 0;
	site = { server, address: `http://127.0.0.1:${port}`, health: healthy() };
});
afterEach(async () => {
	await api.close();
	site.server.closeAllConnections();
	site.server.close();
	rmSync(home, { recursive: true, force: true });
});
afterAll(() => {
	for (const file of filesOf('.wrangler/upgrades'))
		if (file.includes(name)) rmSync(file, { recursive: true, force: true });
});

const healthy = (features: object = { relay: { available: true } }, counts = {}) => ({
	ok: true,
	data: { status: 'ok', claimed: false, features, counts }
});

interface Run {
	readonly env?: Readonly<Record<string, string>>;
	readonly input?: string;
}

async function run(script: 'deploy' | 'upgrade', args: readonly string[], { env = {}, input }: Run = {}) {
	const clean = Object.entries(process.env).filter(([key]) => !/^(CLOUDFLARE|CF|WRANGLER|VITEST)/.test(key));
	const child = spawn(process.execPath, [`scripts/${script}.mjs`, '--name', name, ...args], {
		env: {
			...Object.fromEntries(clean),
			HOME: home,
			XDG_CONFIG_HOME: home,
			TMPDIR: home,
			CLOUDFLARE_API_BASE_URL: api.origin,
			CLOUDFLARE_API_TOKEN: api.token,
			WHERRY_DEPLOY_PATIENCE_MS: '1000',
			...env
		}
	});
	child.stdin.end(input ?? '');
	let output = '';
	child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
	child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
	const [code] = (await once(child, 'close')) as [number];
	return { code, output };
}
const deploy = (args: readonly string[] = [], options: Run = {}) =>
	run('deploy', ['--address', site.address, ...args], options);
const upgrade = () => run('upgrade', ['--address', site.address]);

function filesOf(folder: string): string[] {
	if (!existsSync(folder)) return [];
	return readdirSync(folder, { recursive: true, withFileTypes: true })
		.filter((entry) => entry.isFile())
		.map((entry) => join(entry.parentPath, entry.name));
}

describe('npm run deploy (OT-34, OT-35)', () => {
	test('makes everything that is missing, and prints address and claim code once', async () => {
		const first = await deploy();
		expect(first.output).toContain(`Wherry is at ${site.address}`);
		expect(first.code).toBe(0);
		const worker = api.workers.get(name);
		expect([...(worker?.secrets.keys() ?? [])].toSorted()).toEqual(['CLAIM_CODE', 'RELAY_SECRET']);
		expect(first.output).toContain(`Claim code: ${worker?.secrets.get('CLAIM_CODE')}`);
		expect(first.output).not.toContain(worker?.secrets.get('RELAY_SECRET'));
		expect(worker?.migrationTag).toMatch(/^v\d/);
		expect(JSON.stringify(worker?.versions[0]?.metadata.bindings)).toContain('STREAMS');

		const secrets = new Map(worker?.secrets);
		const second = await deploy();
		expect(second.code).toBe(0);
		expect(second.output).toContain('every secret was there already');
		expect(second.output).not.toContain(secrets.get('CLAIM_CODE'));
		expect(api.workers.get(name)?.secrets).toEqual(secrets);
		expect(api.workers.get(name)?.versions).toHaveLength(2);
	});

	test('creates the bucket that a binding names, and only once', async () => {
		const folder = mkdtempSync(join(tmpdir(), 'wherry-bucket-'));
		const config = join(folder, 'wrangler.toml');
		writeFileSync(join(folder, 'worker.js'), 'export default { fetch: () => new Response("ok") };');
		writeFileSync(
			config,
			'name = "x"\nmain = "worker.js"\ncompatibility_date = "2026-10-15"\n[[r2_buckets]]\nbinding = "BLOBS"\nbucket_name = "wherry-blobs"\n'
		);
		expect((await deploy(['--config', config])).output).toContain('wherry-blobs created');
		expect([...api.buckets]).toEqual(['wherry-blobs']);
		expect((await deploy(['--config', config])).output).toContain('wherry-blobs there');
		rmSync(folder, { recursive: true });
	});

	test('--dry-run says every step, bundles, and asks nobody anything', async () => {
		const { code, output } = await deploy(['--dry-run']);
		expect(output).toMatch(/1\. Check the login[\s\S]*StreamHub[\s\S]*RELAY_SECRET[\s\S]*Total Upload/);
		expect(code).toBe(0);
		expect(api.asked).toEqual([]);
	});

	test('a pasted token serves its run, and is found nowhere afterwards (OT-113)', async () => {
		const before = new Set(filesOf('.wrangler'));
		const { code, output } = await deploy(['--token-stdin'], {
			env: { CLOUDFLARE_API_TOKEN: '' },
			input: `${api.token}\n`
		});
		expect(output).toContain('Wherry is at');
		expect(code).toBe(0);
		expect(output).not.toContain(api.token);
		for (const file of filesOf('.wrangler').concat(filesOf(home)))
			if (!before.has(file) && existsSync(file))
				expect(readFileSync(file, 'latin1'), file).not.toContain(api.token);
		expect((await deploy([], { env: { CLOUDFLARE_API_TOKEN: '' } })).output).toContain('no API token');
	});

	for (const [symptom, arrange, says] of [
		[
			'a token that Cloudflare does not know',
			() => ({ env: { CLOUDFLARE_API_TOKEN: `${api.token}x` } }),
			/does not know this token[\s\S]*What to do:[\s\S]*api-tokens/
		],
		[
			'a token without the permission',
			() => {
				api.forbidden = /^(PUT|POST) .*\/scripts\//;
				return {};
			},
			/may not do this[\s\S]*Workers Scripts · Edit/
		],
		[
			'no workers.dev subdomain',
			() => {
				api.subdomain = undefined;
				return {};
			},
			/no workers\.dev subdomain[\s\S]*workers-and-pages/
		],
		[
			'a name that another Worker has',
			() => {
				api.workers.set(name, {
					secrets: new Map([['OTHER', 'x']]),
					versions: [],
					current: 'v',
					migrationTag: undefined
				});
				return {};
			},
			/not made by this script[\s\S]*--name/
		],
		[
			'a login that reaches two accounts',
			() => {
				api.accounts.push({ id: 'f'.repeat(32), name: 'Another' });
				return {};
			},
			/reaches 2 accounts[\s\S]*Another[\s\S]*--account ID/
		],
		[
			'an address that does not answer',
			() => {
				site.health = { ok: false };
				return {};
			},
			/Claim code: [\s\S]*does not answer as Wherry[\s\S]*wrangler tail/
		]
	] as const) {
		test(`${symptom}: says so, and what to do next`, async () => {
			const { code, output } = await deploy([], arrange());
			expect(output).toMatch(says);
			expect(output).toContain('What to do:');
			expect(code).toBe(1);
		});
	}
});

describe('npm run upgrade', () => {
	test('notes what is there, puts a new version up and keeps it where nothing got worse', async () => {
		await deploy();
		const old = api.workers.get(name)?.current ?? '';
		const { code, output } = await upgrade();
		expect(output).toContain('is upgraded');
		expect(code).toBe(0);
		expect(api.workers.get(name)?.current).not.toBe(old);
		const note = filesOf('.wrangler/upgrades').findLast((file) => file.includes(name));
		const noted = JSON.parse(readFileSync(note ?? '', 'utf8'));
		expect(noted).toMatchObject({ versionId: old, secrets: ['RELAY_SECRET', 'CLAIM_CODE'] });
	});

	for (const [symptom, worse] of [
		['does not answer any more', { ok: false }],
		['counts fewer rows', healthy({ relay: { available: true } }, { rooms: 2 })]
	] as const) {
		test(`goes back to the version before where the new one ${symptom}`, async () => {
			site.health = healthy({ relay: { available: true } }, { rooms: 3 });
			await deploy();
			const old = api.workers.get(name)?.current ?? '';
			const asked = api.asked.length;
			const isUp = () =>
				api.asked
					.slice(asked)
					.some((one) => one === `POST /accounts/${api.accountId}/workers/scripts/${name}/deployments`);
			const watch = setInterval(() => {
				if (isUp()) site.health = worse;
			}, 5);
			const { code, output } = await upgrade();
			clearInterval(watch);
			expect(output).toContain('The upgrade was taken back');
			expect(code).toBe(1);
			expect(api.workers.get(name)?.versions).toHaveLength(2);
			expect(api.workers.get(name)?.current).toBe(old);
		});
	}

	test('refuses where there is nothing to upgrade', async () => {
		const { code, output } = await upgrade();
		expect(output).toMatch(/no Worker called[\s\S]*npm run deploy/);
		expect(code).toBe(1);
	});
});
