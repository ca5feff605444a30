/**
 * P11: what our relay adds to a bare `new Response(upstream.body)`, both in raw workerd, each in a process of
 * its own, before the same upstream: time to the first byte, throughput, processor time per event.
 */

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { Agent, createServer, request as send, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { build } from 'esbuild';
import workerd from 'workerd';
import { median, mustEqual, type Line } from './measure';

const rounds = 7;
const event = `event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"${'word '.repeat(12)}"}}\n\n`;
const bulkBytes = 48 * 1024 * 1024;
const path = '/v1/messages';

interface Way {
	readonly name: string;
	readonly origin: string;
	readonly path: string;
	/** Absent where there is no process of its own to charge. */
	readonly pid?: number;
}

/** What a client of ours sends, and what a bare one would. */
const headers = {
	'content-type': 'application/json',
	'anthropic-version': '2023-06-01',
	'x-api-key': 'sk-ant-bench',
	accept: 'text/event-stream'
};

export async function bench(): Promise<Line[]> {
	const upstream = await startUpstream();
	const upstreamOrigin = originOf(upstream);
	const children: ChildProcess[] = [];
	try {
		const bare = `export default { async fetch(request) {
			const url = new URL(request.url);
			const answer = await fetch('${upstreamOrigin}' + url.pathname + url.search, request);
			return new Response(answer.body, answer);
		} };`;
		const ways: Way[] = [{ name: 'direct', origin: upstreamOrigin, path }];
		for (const [name, source, prefix] of [
			['bare pass-through', bare, ''],
			['ours', await ourWorker(), '/api/relay/anthropic']
		] as const) {
			const { child, origin } = await startWorker(name, source, upstreamOrigin);
			children.push(child);
			ways.push({
				name,
				origin,
				path: prefix + path,
				...(child.pid === undefined ? {} : { pid: child.pid })
			});
		}
		for (const way of ways) mustEqual(way.name, event.repeat(20), await text(way, '?streams=1&events=20'));
		return [...(await firstByte(ways)), ...(await throughput(ways)), ...(await perEvent(ways))];
	} finally {
		for (const child of children) child.kill('SIGKILL');
		upstream.closeAllConnections();
		upstream.close();
	}
}

async function ourWorker(): Promise<string> {
	const entry = join(process.cwd(), 'src/workers/edge.ts');
	const { outputFiles } = await build({
		entryPoints: [entry],
		bundle: true,
		write: false,
		format: 'esm',
		target: 'es2023',
		minify: true,
		// The relay answers before SvelteKit: its handler is not part of this.
		alias: { '#kit': join(process.cwd(), 'tests/edge/kit-stub.ts') },
		external: ['cloudflare:*', 'node:*']
	});
	return outputFiles[0]?.text ?? '';
}

async function startWorker(
	name: string,
	source: string,
	upstream: string
): Promise<{ child: ChildProcess; origin: string }> {
	const folder = join(
		process.cwd(),
		'tests/bench/node_modules/.bench',
		`relay-${name.replaceAll(/\W/g, '-')}`
	);
	mkdirSync(folder, { recursive: true });
	writeFileSync(join(folder, 'worker.js'), source);
	const port = await freePort();
	const upstreams = JSON.stringify(JSON.stringify({ anthropic: upstream }));
	writeFileSync(
		join(folder, 'config.capnp'),
		`using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
	services = [
		(name = "main", worker = (
			modules = [(name = "worker.js", esModule = embed "worker.js")],
			compatibilityDate = "2026-10-15",
			compatibilityFlags = ["nodejs_compat"],
			bindings = [(name = "RELAY_UPSTREAMS", text = ${upstreams})]
		)),
		(name = "internet", network = (allow = ["public", "private", "local"]))
	],
	sockets = [(name = "http", address = "127.0.0.1:${String(port)}", http = (), service = "main")]
);`
	);
	// Its log goes to a file, as a deployed Worker's goes elsewhere.
	const child = spawn(workerd.default, ['serve', 'config.capnp'], {
		cwd: folder,
		stdio: ['ignore', 'ignore', 'inherit']
	});
	const origin = `http://127.0.0.1:${String(port)}`;
	for (let tries = 0; tries < 100; tries++) {
		if (
			(await fetch(origin).then(
				(answer) => answer.text(),
				() => undefined
			)) !== undefined
		)
			break;
		await new Promise((done) => setTimeout(done, 50));
	}
	return { child, origin };
}

/** `?streams&events`: as many streams take turns; `?bytes`: that much at once. */
async function startUpstream(): Promise<Server> {
	const waiting: { response: import('node:http').ServerResponse; events: number }[] = [];
	const server = createServer((request, response) => {
		request.resume();
		const search = new URL(request.url ?? '/', 'http://upstream').searchParams;
		response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
		const bytes = Number(search.get('bytes') ?? 0);
		if (bytes > 0) {
			const chunk = Buffer.alloc(64 * 1024, 'x');
			let left = bytes;
			const pump = (): void => {
				while (left > 0) {
					left -= chunk.length;
					if (!response.write(chunk)) {
						response.once('drain', pump);
						return;
					}
				}
				response.end();
			};
			pump();
			return;
		}
		const streams = Number(search.get('streams') ?? 1);
		waiting.push({ response, events: Number(search.get('events') ?? 1) });
		if (waiting.length < streams) return;
		const group = waiting.splice(0);
		let sent = 0;
		const events = group[0]?.events ?? 0;
		const tick = (): void => {
			for (const { response: one } of group) one.write(event);
			sent++;
			if (sent < events) setTimeout(tick, 1);
			else for (const { response: one } of group) one.end();
		};
		tick();
	});
	server.listen(0, '127.0.0.1');
	await once(server, 'listening');
	return server;
}

function originOf(server: Server): string {
	return `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
}

async function freePort(): Promise<number> {
	const server = createServer().listen(0, '127.0.0.1');
	await once(server, 'listening');
	const port = Number(new URL(originOf(server)).port);
	server.close();
	return port;
}

const agent = new Agent({ keepAlive: true, maxSockets: 400 });

function ask(way: Way, search: string): Promise<IncomingMessage> {
	return new Promise((resolve, reject) => {
		const outgoing = send(`${way.origin}${way.path}${search}`, { method: 'POST', headers, agent }, resolve);
		outgoing.on('error', reject);
		outgoing.end('{"model":"claude","stream":true}');
	});
}

async function drain(answer: IncomingMessage): Promise<number> {
	let bytes = 0;
	for await (const chunk of answer) bytes += (chunk as Buffer).length;
	return bytes;
}

async function text(way: Way, search: string): Promise<string> {
	let whole = '';
	for await (const chunk of (await ask(way, search)).setEncoding('utf8')) whole += String(chunk);
	return whole;
}

/** Request by request in turn, so that all three meet the same weather. */
async function firstByte(ways: readonly Way[]): Promise<Line[]> {
	const times = new Map(ways.map(({ name }): [string, number[][]] => [name, []]));
	for (let round = 0; round <= rounds; round++) {
		const now = new Map(ways.map(({ name }): [string, number[]] => [name, []]));
		for (let i = 0; i < 120; i++) {
			for (const way of ways) {
				const start = performance.now();
				const answer = await ask(way, '?streams=1&events=1');
				await once(answer, 'readable');
				now.get(way.name)?.push(performance.now() - start);
				await drain(answer);
			}
		}
		if (round > 0) for (const { name } of ways) times.get(name)?.push(now.get(name) ?? []);
	}
	const middle = (name: string): number[] => (times.get(name) ?? []).map(median);
	const direct = middle('direct');
	const added = (name: string): number[] => middle(name).map((ms, round) => ms - (direct[round] ?? 0));
	console.log(
		`      first byte p50, ms: ${ways.map(({ name }) => `${name} ${median(middle(name)).toFixed(3)}`).join(', ')}`
	);
	return [
		line('added time to the first byte', added('ours'), added('bare pass-through'), 'ms', 1.15),
		line('time to the first byte', middle('ours'), middle('direct'), 'ms', undefined, 'direct')
	];
}

async function throughput(ways: readonly Way[]): Promise<Line[]> {
	const rates = new Map(ways.map(({ name }): [string, number[]] => [name, []]));
	for (let round = 0; round < rounds; round++) {
		for (const way of ways) {
			const start = performance.now();
			const bytes = await drain(await ask(way, `?bytes=${String(bulkBytes)}`));
			mustEqual(`bytes by ${way.name}`, bulkBytes, bytes);
			rates.get(way.name)?.push(bytes / 1e6 / ((performance.now() - start) / 1000));
		}
	}
	const of = (name: string): number[] => rates.get(name) ?? [];
	// As a cost: how much longer the same bytes take.
	const ratios = of('ours').map((rate, round) => (of('bare pass-through')[round] ?? 0) / rate);
	return [
		{
			id: 'P11',
			what: 'throughput (as time)',
			ours: median(of('ours')),
			other: { name: 'bare pass-through', value: median(of('bare pass-through')) },
			unit: `MB/s, direct ${median(of('direct')).toFixed(0)}`,
			ratio: [median(ratios), Math.min(...ratios), Math.max(...ratios)],
			goal: { is: 'at most', value: 1.15 }
		}
	];
}

async function perEvent(ways: readonly Way[]): Promise<Line[]> {
	const lines: Line[] = [];
	for (const streams of [1, 50, 200]) {
		const events = Math.ceil(12_000 / streams / (streams === 1 ? 8 : 1));
		const costs = new Map(ways.map(({ name }): [string, number[]] => [name, []]));
		for (let round = 0; round <= 5; round++) {
			for (const way of ways) {
				const { pid } = way;
				if (pid === undefined) continue;
				const before = processorTime(pid);
				const search = `?streams=${String(streams)}&events=${String(events)}`;
				const sizes = await Promise.all(
					Array.from({ length: streams }, async () => drain(await ask(way, search)))
				);
				mustEqual(
					'bytes',
					sizes.map(() => event.length * events),
					sizes
				);
				if (round > 0) costs.get(way.name)?.push((processorTime(pid) - before) / (streams * events));
			}
		}
		lines.push(
			line(
				`processor time an event, ${String(streams)} streams`,
				costs.get('ours') ?? [],
				costs.get('bare pass-through') ?? [],
				'µs',
				1.15
			)
		);
	}
	return lines;
}

/** Microseconds that all threads of a process have run. */
function processorTime(pid: number): number {
	const tasks = `/proc/${String(pid)}/task`;
	return readdirSync(tasks).reduce(
		(sum, task) => sum + Number(readFileSync(`${tasks}/${task}/schedstat`, 'utf8').split(' ')[0]) / 1000,
		0
	);
}

function line(
	what: string,
	ours: readonly number[],
	other: readonly number[],
	unit: string,
	goal?: number,
	name = 'bare pass-through'
): Line {
	const ratios = ours.map((value, round) => value / (other[round] ?? Number.NaN));
	return {
		id: 'P11',
		what,
		ours: median(ours),
		other: { name, value: median(other) },
		unit,
		ratio: [median(ratios), Math.min(...ratios), Math.max(...ratios)],
		...(goal === undefined ? {} : { goal: { is: 'at most', value: goal } as const })
	};
}
