// Serves the built Worker on this machine, in workerd, and prints the address when it answers.
// PORT (8787), WHERRY_STATE (.wrangler/state). Names listed in .dev.vars.example are passed from the
// environment to the Worker. SIGTERM or SIGINT stops it. Listens on loopback only: relay-held keys rely on it.

import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const port = Number(process.env.PORT || 8787);
const stateDir = resolve(root, process.env.WHERRY_STATE || '.wrangler/state');

if (!existsSync(join(root, '.svelte-kit/cloudflare/_worker.js'))) {
	console.error('There is no build yet: run `npm run build` first.');
	process.exit(1);
}

// Keys go through a file that only this user can read: arguments are visible to everybody.
const secretDir = mkdtempSync(join(tmpdir(), 'wherry-'));
const envFile = join(secretDir, 'vars');
writeFileSync(envFile, variables().join('\n'), { mode: 0o600 });
process.on('exit', () => rmSync(secretDir, { recursive: true, force: true }));

const child = spawn(
	process.execPath,
	[
		join(root, 'node_modules/wrangler/bin/wrangler.js'),
		'dev',
		'--local',
		`--port=${port}`,
		'--ip=127.0.0.1',
		'--inspector-port=0',
		`--persist-to=${stateDir}`,
		'--show-interactive-dev-session=false',
		'--log-level=log',
		`--env-file=${envFile}`
	],
	{
		cwd: root,
		stdio: ['ignore', 'pipe', 'pipe'],
		env: {
			...process.env,
			WRANGLER_SEND_METRICS: 'false',
			CLOUDFLARE_CF_FETCH_ENABLED: 'false',
			NO_COLOR: '1'
		}
	}
);

let isStopping = false;
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) {
	process.on(signal, () => {
		isStopping = true;
		child.kill('SIGTERM');
		setTimeout(() => child.kill('SIGKILL'), 5000).unref();
	});
}
child.on('exit', (code) => process.exit(isStopping ? 0 : (code ?? 1)));

// The audit lines are worth seeing, wrangler's own chatter is not, unless something goes wrong.
child.stdout.on('data', (chunk) => {
	for (const line of String(chunk).split('\n')) {
		const [, code] = /^\{"event":"claim-code","code":"([\w-]+)"\}/.exec(line) ?? [];
		if (code) console.log(`Claim code of this relay: ${code}`);
		else if (line.startsWith('{') || process.env.VERBOSE) console.log(line);
	}
});
child.stderr.on('data', (chunk) => process.stderr.write(chunk));

const address = `http://localhost:${port}`;
for (;;) {
	const answer = await fetch(`http://127.0.0.1:${port}/api/health`).catch(() => undefined);
	await answer?.body?.cancel();
	if (answer?.ok) break;
	await new Promise((done) => setTimeout(done, 150));
}
console.log(`Wherry is at ${address}`);

function variables() {
	const example = readFileSync(join(root, '.dev.vars.example'), 'utf8');
	const names = new Set([...example.matchAll(/^(?:# )?([A-Z][A-Z0-9_]*)=/gm)].map(([, name]) => name));
	const local = join(root, '.dev.vars');
	const own = existsSync(local) ? [readFileSync(local, 'utf8')] : [];
	const given = [...names].filter((name) => process.env[name]);
	const isSealed = given.includes('RELAY_SECRET') || own.some((text) => /^RELAY_SECRET=\S/m.test(text));
	return own.concat(
		given.map((name) => `${name}=${quote(process.env[name])}`),
		isSealed ? [] : [`RELAY_SECRET=${localSecret()}`]
	);
}

/** Seals what this machine's relay keeps, and stays beside it. A deployment has its own. */
function localSecret() {
	const file = join(stateDir, 'relay-secret');
	mkdirSync(stateDir, { recursive: true });
	if (!existsSync(file)) writeFileSync(file, randomBytes(32).toString('base64url'), { mode: 0o600 });
	return readFileSync(file, 'utf8').trim();
}

/** dotenv's three kinds of quotes: the first that the value does not contain. */
function quote(value) {
	const mark = ["'", '`', '"'].find((candidate) => !value.includes(candidate));
	if (mark === undefined) throw new Error('A variable contains all three kinds of quotes.');
	return `${mark}${value}${mark}`;
}
