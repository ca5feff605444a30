/**
 * The Worker in a bare workerd, without miniflare, as somebody would host it: its network allows public addresses
 * only, less our own table's. A Worker in between stands for the internet's names:
 *   mcp.example.com       an MCP server of the test
 *   dns.example.com       a resolver that calls every name public
 *   hops.example.com      redirects: `?status=302&to=…`
 *   rebound.example.com   the resolver said it is public; where the connection goes, `?at=…` says
 * Everything else goes to the network as it is.
 */

import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { build } from 'vite';
import { blockedNetworks } from '../../src/lib/edge/ssrf';

export interface RawWorkerd {
	readonly origin: string;
	stop(): Promise<void>;
}

const root = resolve(import.meta.dirname, '../..');

const outbound = `export default {
	async fetch(request, env) {
		const url = new URL(request.url);
		const ask = (to) => env.OUTSIDE.fetch(to).catch((error) => new Response(String(error), { status: 502, headers: { 'x-unreachable': '1' } }));
		if (url.hostname === 'mcp.example.com') return env.MCP.fetch(request);
		if (url.hostname === 'dns.example.com') return Response.json({ Answer: [{ type: url.searchParams.get('type') === 'A' ? 1 : 28, data: url.searchParams.get('type') === 'A' ? '93.184.215.14' : '2606:2800:21f::1' }] });
		if (url.hostname === 'hops.example.com') return new Response(null, { status: Number(url.searchParams.get('status')), headers: { location: url.searchParams.get('to') } });
		if (url.hostname === 'rebound.example.com') return ask(new Request(url.searchParams.get('at'), request));
		return ask(request);
	}
};`;

export async function serveRaw({ mcp }: { readonly mcp: string }): Promise<RawWorkerd> {
	const folder = mkdtempSync(join(tmpdir(), 'wherry-raw-'));
	writeFileSync(join(folder, 'main.js'), await bundle());
	writeFileSync(join(folder, 'outbound.js'), outbound);
	const port = await freePort();
	writeFileSync(join(folder, 'config.capnp'), config({ port, mcp: new URL(mcp).host, folder }));
	const child = spawn(join(root, 'node_modules/.bin/workerd'), ['serve', join(folder, 'config.capnp')], {
		stdio: ['ignore', 'pipe', 'pipe'],
		detached: true
	});
	// A run that is interrupted leaves no server behind.
	const stopWithUs = () => void child.kill('SIGKILL');
	process.once('exit', stopWithUs);
	let log = '';
	child.stdout.on('data', (chunk: Buffer) => (log = (log + chunk.toString()).slice(-4000)));
	child.stderr.on('data', (chunk: Buffer) => (log = (log + chunk.toString()).slice(-4000)));
	const ended = new Promise<void>((done) => child.once('exit', () => done()));
	const stop = async (): Promise<void> => {
		if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGKILL');
		await ended;
		process.off('exit', stopWithUs);
		rmSync(folder, { recursive: true, force: true });
	};
	const origin = `http://localhost:${port}`;
	const deadline = Date.now() + 30_000;
	for (;;) {
		const answer = await fetch(`${origin}/self-test`).catch(() => undefined);
		if (answer?.ok) break;
		if (child.exitCode !== null || Date.now() > deadline) {
			await stop();
			throw new Error(`workerd did not start:\n${log}`);
		}
		await new Promise((done) => setTimeout(done, 50));
	}
	return { origin, stop };
}

/** The Worker's own entry as one module, with SvelteKit's handler replaced. */
async function bundle(): Promise<string> {
	const built = await build({
		root,
		configFile: false,
		logLevel: 'error',
		resolve: { alias: { '#kit': join(root, 'tests/edge/raw-kit.ts') } },
		ssr: { noExternal: true, target: 'webworker' },
		build: {
			ssr: join(root, 'src/workers/edge.ts'),
			write: false,
			minify: false,
			rollupOptions: { external: [/^cloudflare:/, /^node:/], output: { codeSplitting: false } }
		}
	});
	const outputs = Array.isArray(built) ? built : [built];
	for (const one of outputs) {
		if (!('output' in one)) continue;
		for (const file of one.output) if (file.type === 'chunk') return file.code;
	}
	throw new Error('nothing was built');
}

function config({ port, mcp, folder }: Record<'mcp' | 'folder', string> & { readonly port: number }): string {
	const denied = blockedNetworks.map((network) => `"${network}"`).join(', ');
	return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
	services = [
		(name = "main", worker = .main),
		(name = "between", worker = .between),
		(name = "outside", network = (allow = ["public"], deny = [${denied}], tlsOptions = (trustBrowserCas = true))),
		(name = "disk", disk = (path = "${folder}", writable = true)),
		(name = "mcp", external = (address = "${mcp}", http = ()))
	],
	sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "main")]
);
const main :Workerd.Worker = (
	modules = [(name = "main", esModule = embed "main.js")],
	compatibilityDate = "2026-10-15",
	compatibilityFlags = ["nodejs_compat"],
	globalOutbound = "between",
	durableObjectNamespaces = [(className = "RelayHome", uniqueKey = "home", enableSql = true)],
	durableObjectStorage = (localDisk = "disk"),
	bindings = [
		(name = "HOME", durableObjectNamespace = "RelayHome"),
		(name = "CLAIM_CODE", text = "the-code-of-the-tests"),
		(name = "FETCH_DOH", text = "https://dns.example.com/query")
	]
);
const between :Workerd.Worker = (
	modules = [(name = "between", esModule = embed "outbound.js")],
	compatibilityDate = "2026-10-15",
	globalOutbound = "outside",
	bindings = [(name = "OUTSIDE", service = "outside"), (name = "MCP", service = "mcp")]
);
`;
}

function freePort(): Promise<number> {
	return new Promise((done, fail) => {
		const server = createServer();
		server.once('error', fail);
		server.listen(0, '127.0.0.1', () => {
			const address = server.address();
			server.close(() =>
				typeof address === 'object' && address !== null ? done(address.port) : fail(new Error('no port'))
			);
		});
	});
}
