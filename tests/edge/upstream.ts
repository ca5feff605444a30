/**
 * A provider's stand-in, written for these tests: says back what reached it, or replays a recording,
 * as the request's `x-reply` header asks (an unknown header, which the relay must let through).
 *   echo (default) · file:NAME · drip:ID (an endless stream) · big:BYTES:MS (events, that many a write) · status:N:BODY · hostile · redirect:URL
 * Below `/_/` it answers the test itself: `/_/closed?id=ID` waits until that drip's caller has gone,
 * `/_/canaries` says how often a listener was touched that nobody may touch.
 */

import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { join, resolve } from 'node:path';
import { bigStream } from './big-stream';

export const streamFolder = resolve(import.meta.dirname, '../../../shared/corpora/streams');

export function recordings(): string[] {
	if (!existsSync(streamFolder)) return [];
	return readdirSync(streamFolder).filter((name) => name !== 'index.json');
}

export interface Seen {
	readonly method: string;
	readonly url: string;
	readonly headers: Record<string, string>;
	readonly body: string;
}

/** @param touched answered at `/_/canaries` */
export async function startUpstream(
	touched: () => Promise<number> = () => Promise.resolve(0)
): Promise<{ origin: string; close(): Promise<void> }> {
	const closed = new Map<string, PromiseWithResolvers<void>>();
	const closing = (id: string) => {
		const known = closed.get(id) ?? Promise.withResolvers<void>();
		closed.set(id, known);
		return known;
	};
	const server = createServer((request, response) => {
		const url = new URL(request.url ?? '/', 'http://upstream');
		if (url.pathname === '/_/closed') {
			void closing(url.searchParams.get('id') ?? '').promise.then(() => response.end('closed'));
			return;
		}
		if (url.pathname === '/_/canaries') {
			void touched().then((count) => response.end(String(count)));
			return;
		}
		const [kind, ...rest] = (single(request.headers['x-reply']) ?? 'echo').split(':');
		const detail = rest.join(':');
		if (kind === 'file') return void replay(response, detail);
		if (kind === 'big') return void big(response, rest.map(Number));
		if (kind === 'drip') return drip(response, () => closing(detail).resolve());
		if (kind === 'status') return status(response, detail);
		if (kind === 'hostile') return hostile(response);
		if (kind === 'redirect') return void response.writeHead(307, { location: detail }).end();
		void echo(request, response);
	});
	await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
	const address = server.address();
	const port = typeof address === 'object' && address !== null ? address.port : 0;
	return {
		origin: `http://127.0.0.1:${port}`,
		close: () =>
			new Promise((done) => {
				server.closeAllConnections();
				server.close(() => done());
			})
	};
}

async function echo(request: IncomingMessage, response: ServerResponse): Promise<void> {
	const chunks: Buffer[] = [];
	for await (const chunk of request) if (chunk instanceof Buffer) chunks.push(chunk);
	const headers = Object.fromEntries(
		Object.entries(request.headers).map(([name, value]) => [name, single(value) ?? ''])
	);
	const seen: Seen = {
		method: request.method ?? '',
		url: request.url ?? '',
		headers,
		body: Buffer.concat(chunks).toString('utf8')
	};
	response.writeHead(200, {
		'content-type': 'application/json',
		'request-id': 'req_upstream',
		'x-seen': encodeURIComponent(JSON.stringify({ ...seen, body: '' }))
	});
	response.end(JSON.stringify(seen));
}

/** In many small pieces, so that whoever gathers them would show. */
async function replay(response: ServerResponse, name: string): Promise<void> {
	const bytes = readFileSync(join(streamFolder, name));
	response.writeHead(200, {
		'content-type': name.endsWith('.sse') ? 'text/event-stream' : 'application/x-ndjson'
	});
	const size = Math.max(61, Math.ceil(bytes.length / 40));
	for (let at = 0; at < bytes.length; at += size) {
		response.write(bytes.subarray(at, at + size));
		await new Promise((done) => setImmediate(done));
	}
	response.end();
}

/** In writes of uneven length, `pause` milliseconds apart. */
async function big(response: ServerResponse, [size = 0, pause = 0]: readonly number[]): Promise<void> {
	const bytes = bigStream(size);
	response.writeHead(200, { 'content-type': 'text/event-stream' });
	for (let at = 0, i = 0; at < bytes.length; i++) {
		const length = 1 + ((i * 7919) % 20_011);
		response.write(bytes.subarray(at, at + length));
		at += length;
		await new Promise((done) => setTimeout(done, pause));
	}
	response.end();
}

function drip(response: ServerResponse, onClose: () => void): void {
	response.writeHead(200, { 'content-type': 'text/event-stream' });
	let count = 0;
	const timer = setInterval(() => response.write(`data: ${(count += 1)}\n\n`), 30);
	response.on('close', () => {
		clearInterval(timer);
		onClose();
	});
}

function status(response: ServerResponse, detail: string): void {
	const [code = '500', ...body] = detail.split(':');
	response
		.writeHead(Number(code), { 'content-type': 'application/json', 'retry-after': '7' })
		.end(body.join(':'));
}

function hostile(response: ServerResponse): void {
	response.writeHead(200, {
		'content-type': 'text/html',
		'set-cookie': 'session=1',
		'clear-site-data': '"*"',
		'content-security-policy': "default-src *; script-src 'unsafe-inline'",
		'access-control-allow-origin': '*',
		'service-worker-allowed': '/',
		'strict-transport-security': 'max-age=0',
		'www-authenticate': 'Basic realm="x"',
		refresh: '0;url=https://evil.example',
		link: '<https://evil.example/x.js>; rel=preload',
		'x-wherry-error': 'forged',
		'anthropic-ratelimit-tokens-remaining': '17'
	});
	response.end('<script>alert(1)</script>');
}

function single(value: string | string[] | undefined): string | undefined {
	return Array.isArray(value) ? value.join(', ') : value;
}
