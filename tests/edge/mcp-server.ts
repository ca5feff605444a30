/**
 * An MCP server made by hand, after the specification's streamable HTTP transport: sessions, JSON and event
 * streams, resuming, a stream of its own, the end of a session. Under other paths it misbehaves:
 *   /locked wants a bearer token · /moved redirects to `to` · /silent stops in the middle · /huge never stops ·
 *   /hostile answers with headers that no page should get
 * `/_/seen` says what reached it, `/_/closed` waits until an open stream's reader has gone. A call with `x-wait` is
 * finished when `/_/read` says that its beginning was read.
 */

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';

export const protocolVersion = '2025-06-18';

export async function startMcpServer(): Promise<{ origin: string; close(): Promise<void> }> {
	const seen: { method: string; url: string; headers: Record<string, unknown>; body: string }[] = [];
	const sessions = new Set<string>();
	let closed = Promise.withResolvers<void>();

	const server = createServer((request, response) => {
		void handle(request, response).catch((thrown: unknown) => response.destroy(new Error(String(thrown))));
	});

	async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
		const url = new URL(request.url ?? '/', 'http://mcp');
		if (url.pathname === '/_/seen') return void response.end(JSON.stringify(seen.splice(0)));
		if (url.pathname === '/_/read') return void (read.resolve(), response.end('read'));
		if (url.pathname === '/_/closed') {
			await closed.promise;
			closed = Promise.withResolvers();
			return void response.end('closed');
		}
		const chunks: Buffer[] = [];
		for await (const chunk of request) if (chunk instanceof Buffer) chunks.push(chunk);
		const body = Buffer.concat(chunks).toString('utf8');
		seen.push({ method: request.method ?? '', url: request.url ?? '', headers: request.headers, body });
		if (url.pathname === '/moved')
			return void response.writeHead(307, { location: url.searchParams.get('to') ?? '/mcp' }).end();
		if (url.pathname === '/locked' && request.headers.authorization !== 'Bearer of-the-server') {
			const challenge = 'Bearer resource_metadata="https://mcp.example.com/.well-known/x"';
			return void response.writeHead(401, { 'www-authenticate': challenge }).end();
		}
		if (url.pathname === '/silent') return stream(response).write('{}');
		if (url.pathname === '/huge') {
			const events = stream(response);
			const timer = setInterval(() => events.write('x'.repeat(50_000)), 1);
			response.on('close', () => clearInterval(timer));
			return;
		}
		if (url.pathname === '/hostile') {
			return void response
				.writeHead(200, {
					'content-type': 'text/html',
					'set-cookie': 'a=b',
					'www-authenticate': 'Basic realm="x"',
					'content-security-policy': 'default-src *',
					refresh: '0;url=https://evil.example',
					'x-wherry-error': 'forged'
				})
				.end('<script>alert(1)</script>');
		}
		answer(request, response, body);
	}

	function stream(response: ServerResponse): { write(data: string, id?: string): void } {
		response.writeHead(200, { 'content-type': 'text/event-stream' });
		response.on('close', () => closed.resolve());
		return {
			write: (data, id) => {
				response.write(`${id === undefined ? '' : `id: ${id}\n`}event: message\ndata: ${data}\n\n`);
			}
		};
	}

	function answer(request: IncomingMessage, response: ServerResponse, body: string): void {
		const session = String(request.headers['mcp-session-id'] ?? '');
		const call: unknown = body === '' ? null : JSON.parse(body);
		const { method, id } = readCall(call);
		if (method === 'initialize') {
			const made = `session-${sessions.size + 1}`;
			sessions.add(made);
			response.writeHead(200, { 'content-type': 'application/json', 'mcp-session-id': made });
			const result = {
				protocolVersion,
				capabilities: { tools: {} },
				serverInfo: { name: 'test', version: '1' }
			};
			return void response.end(JSON.stringify({ jsonrpc: '2.0', id, result }));
		}
		if (!sessions.has(session)) return void response.writeHead(404).end();
		if (request.headers['mcp-protocol-version'] !== protocolVersion)
			return void response.writeHead(400).end();
		if (request.method === 'DELETE') {
			sessions.delete(session);
			return void response.writeHead(204).end();
		}
		if (request.method === 'GET') {
			const from = Number(request.headers['last-event-id'] ?? 0);
			const events = stream(response);
			events.write(
				JSON.stringify({ jsonrpc: '2.0', method: 'notifications/message', params: { from } }),
				'1'
			);
			return;
		}
		if (id === undefined) return void response.writeHead(202).end();
		if (method !== 'tools/call') {
			response.writeHead(200, { 'content-type': 'application/json' });
			return void response.end(JSON.stringify({ jsonrpc: '2.0', id, result: { tools: [{ name: 'slow' }] } }));
		}
		const events = stream(response);
		events.write(
			JSON.stringify({ jsonrpc: '2.0', method: 'notifications/progress', params: { progress: 1 } })
		);
		// The end comes once the progress was read: whoever gathers the stream waits for ever.
		waitForRead(request).then(
			() => {
				events.write(
					JSON.stringify({ jsonrpc: '2.0', id, result: { content: [{ type: 'text', text: 'done' }] } })
				);
				response.end();
			},
			() => response.destroy()
		);
	}

	let read = Promise.withResolvers<void>();
	function waitForRead(request: IncomingMessage): Promise<void> {
		if (request.headers['x-wait'] === undefined) return Promise.resolve();
		read = Promise.withResolvers();
		return read.promise;
	}

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

function readCall(call: unknown): { readonly method?: string; readonly id?: number } {
	if (typeof call !== 'object' || call === null) return {};
	return {
		...('method' in call && typeof call.method === 'string' ? { method: call.method } : {}),
		...('id' in call && typeof call.id === 'number' ? { id: call.id } : {})
	};
}
