/**
 * What P12 to P15 measure: our hub, our room and our shares as the edge bundles them, and the plainest fan-out there is (a hibernating
 * Durable Object that sends each event to each socket), both in raw workerd, each in a process of its own.
 */

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import workerd from 'workerd';

export interface Served {
	readonly port: number;
	readonly pid: number;
	stop(): void;
}

const ourEntry = `
import { relay } from './src/lib/edge/relay.server';
import { streams } from './src/lib/edge/streams.server';
export { StreamHub } from './src/lib/edge/hub/hub.server';
export default {
	fetch(request, env) {
		const url = new URL(request.url);
		if (url.pathname.startsWith('/api/relay/')) return relay(request, env, { url, log: () => {} });
		return streams(request, env, { url, id: url.pathname.split('/')[3] ?? '', what: 'read' });
	}
};`;

const plainSource = (upstream: string): string => `
import { DurableObject } from 'cloudflare:workers';
export class StreamHub extends DurableObject {
	async fetch(request) {
		if (request.headers.get('upgrade') === 'websocket') {
			const [theirs, ours] = Object.values(new WebSocketPair());
			this.ctx.acceptWebSocket(ours);
			return new Response(null, { status: 101, webSocket: theirs });
		}
		// The other peer, under a path of its own: it stores an event before it sends it, as the hub does.
		const { sql } = this.ctx.storage;
		const stores = new URL(request.url).pathname.startsWith('/stored');
		if (stores) sql.exec('CREATE TABLE IF NOT EXISTS events (event TEXT)');
		const answer = await fetch('${upstream}' + new URL(request.url).search);
		const decoder = new TextDecoder();
		let text = '';
		for await (const chunk of answer.body) {
			text += decoder.decode(chunk, { stream: true });
			const events = text.split('\\n\\n');
			text = events.pop();
			for (const event of events) {
				if (stores) {
					sql.exec('INSERT INTO events VALUES (?)', event);
					await this.ctx.storage.sync();
				}
				for (const socket of this.ctx.getWebSockets()) socket.send(event);
			}
		}
		for (const socket of this.ctx.getWebSockets()) socket.send('the very end');
		return new Response('done');
	}
}
export default {
	fetch(request, env) {
		const { pathname } = new URL(request.url);
		if (pathname === '/api/streams/none') return new Response(null, { status: 404 });
		return env.STREAMS.getByName(pathname).fetch(request);
	}
};`;

export const serveOurs = async (upstream: string): Promise<Served> =>
	serve(await bundled(ourEntry), upstream);

async function bundled(contents: string): Promise<string> {
	const { outputFiles } = await build({
		stdin: { contents, resolveDir: process.cwd(), loader: 'ts' },
		bundle: true,
		write: false,
		format: 'esm',
		target: 'es2023',
		minify: true,
		external: ['cloudflare:*', 'node:*']
	});
	return outputFiles[0]?.text ?? '';
}

const roomEntry = `
import { sync } from './src/lib/edge/sync.server';
export { SyncRoom } from './src/lib/edge/room/room.server';
export default {
	fetch(request, { STREAMS }) {
		return sync(request, { ROOMS: STREAMS }, new URL(request.url));
	}
};`;

const countedEntry = `${ourEntry
	.replace('export { StreamHub }', 'import { StreamHub as Hub }')
	.replace('export default', 'const ours =')}
const counts = { worker: 0, object: 0, alarm: 0 };
export class StreamHub extends Hub {
	fetch(request) {
		counts.object += 1;
		return super.fetch(request);
	}
	alarm() {
		counts.alarm += 1;
		return super.alarm();
	}
}
export default {
	fetch(request, env) {
		if (new URL(request.url).pathname === '/counts') return Response.json(counts);
		if (!request.url.endsWith('/none')) counts.worker += 1;
		return ours.fetch(request, env);
	}
};`;

/** Ours, which says at `/counts` how often Worker and objects were asked, and how often an alarm went off. */
export const serveCounted = async (upstream: string): Promise<Served> =>
	serve(await bundled(countedEntry), upstream);

/** The room of a home's devices, as the edge bundles it. */
export const serveRoom = async (): Promise<Served> => serve(await bundled(roomEntry), '', 'SyncRoom');

const shareEntry = `
import { createShare, shares } from './src/lib/edge/shares.server';
export { ShareRoom } from './src/lib/edge/share/room.server';
export default {
	fetch(request, { STREAMS }) {
		const env = { SHARES: STREAMS, RELAY_RATE_LIMIT: '0' };
		const id = new URL(request.url).pathname.split('/')[3] ?? '';
		return request.method === 'POST' ? createShare(request, env) : shares(request, env, { id, what: 'read' });
	}
};`;

/** What keeps shared sessions. */
export const serveShares = async (): Promise<Served> => serve(await bundled(shareEntry), '', 'ShareRoom');

export const servePlain = (upstream: string): Promise<Served> => serve(plainSource(upstream), upstream);

async function serve(source: string, upstream: string, object = 'StreamHub'): Promise<Served> {
	const folder = mkdtempSync(join(tmpdir(), 'wherry-hub-bench-'));
	mkdirSync(join(folder, 'objects'));
	writeFileSync(join(folder, 'worker.js'), source);
	const port = await freePort();
	const upstreams = JSON.stringify(JSON.stringify({ openai: upstream }));
	writeFileSync(
		join(folder, 'config.capnp'),
		`using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
	services = [
		(name = "main", worker = (
			modules = [(name = "worker.js", esModule = embed "worker.js")],
			compatibilityDate = "2026-10-15",
			durableObjectNamespaces = [(className = "${object}", uniqueKey = "hub", enableSql = true)],
			durableObjectStorage = (localDisk = "objects"),
			bindings = [
				(name = "STREAMS", durableObjectNamespace = "${object}"),
				(name = "RELAY_UPSTREAMS", text = ${upstreams}),
				(name = "RELAY_RATE_LIMIT", text = "0")
			]
		)),
		(name = "objects", disk = (path = ${JSON.stringify(join(folder, 'objects'))}, writable = true)),
		(name = "internet", network = (allow = ["public", "private", "local"]))
	],
	sockets = [(name = "http", address = "127.0.0.1:${String(port)}", http = (), service = "main")]
);`
	);
	const child: ChildProcess = spawn(workerd.default, ['serve', 'config.capnp'], {
		cwd: folder,
		stdio: ['ignore', 'ignore', 'inherit']
	});
	for (let tries = 0; tries < 100; tries++) {
		const answer = await fetch(`http://127.0.0.1:${String(port)}/api/streams/none`).catch(() => undefined);
		await answer?.text();
		if (answer !== undefined) break;
		await new Promise((done) => setTimeout(done, 50));
	}
	return {
		port,
		pid: child.pid ?? 0,
		stop() {
			child.kill('SIGKILL');
			rmSync(folder, { recursive: true, force: true });
		}
	};
}

export interface Upstream {
	readonly origin: string;
	/** Requests so far. */
	asked(): number;
	/** Resolves when somebody waits for an answer; `send` begins it. */
	arrived(): Promise<ServerResponse>;
	close(): void;
}

/** Answers nothing by itself: the benchmark writes when it wants to. */
export async function startUpstream(): Promise<Upstream> {
	let asked = 0;
	let next = Promise.withResolvers<ServerResponse>();
	const server: Server = createServer((request, response) => {
		asked += 1;
		request.resume();
		response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
		response.flushHeaders();
		response.socket?.setNoDelay(true);
		const { resolve } = next;
		next = Promise.withResolvers();
		resolve(response);
	}).listen(0, '127.0.0.1');
	await once(server, 'listening');
	return {
		origin: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
		asked: () => asked,
		arrived: () => next.promise,
		close() {
			server.closeAllConnections();
			server.close();
		}
	};
}

async function freePort(): Promise<number> {
	const server = createServer().listen(0, '127.0.0.1');
	await once(server, 'listening');
	const { port } = server.address() as AddressInfo;
	server.close();
	return port;
}

/** Microseconds that all threads of a process have run. */
export function processorTime(pid: number): number {
	const tasks = `/proc/${String(pid)}/task`;
	return readdirSync(tasks).reduce(
		(sum, task) => sum + Number(readFileSync(`${tasks}/${task}/schedstat`, 'utf8').split(' ')[0]) / 1000,
		0
	);
}
