/** Between the relay and the model server of a test: keeps what reaches a provider, in the provider's own shape. */

import { createServer, request as ask, type IncomingHttpHeaders, type Server } from 'node:http';
import { test as base } from './fixtures';
import { allUpstreams, serveWorker } from './served-worker';

export interface Native {
	readonly path: string;
	readonly headers: IncomingHttpHeaders;
	/** As it came; '' for a GET. */
	readonly text: string;
	readonly at: number;
}

/** Answers a request in the provider's own words, a line of the stream each; undefined leaves it to the model server. */
export type Speak = (request: Native) => readonly string[] | undefined;

export class Tap {
	#server: Server | undefined;
	#seen: Native[] = [];
	#speak: Speak = () => undefined;
	origin = '';

	async start(upstream: string): Promise<void> {
		const server = createServer((incoming, outgoing) => {
			const pieces: Buffer[] = [];
			incoming.on('data', (piece: Buffer) => pieces.push(piece));
			incoming.on('end', () => {
				const body = Buffer.concat(pieces);
				const { method = 'GET', url = '/', headers } = incoming;
				const native = { path: url, headers, text: body.toString(), at: Date.now() };
				this.#seen.push(native);
				const lines = this.#speak(native);
				if (lines !== undefined) {
					outgoing.writeHead(200, { 'content-type': 'text/event-stream' });
					outgoing.end(lines.map((line) => `data: ${line}\n\n`).join(''));
					return;
				}
				const passed = ask(new URL(understood(url), upstream), { method, headers }, (answer) => {
					outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
					answer.pipe(outgoing);
				});
				passed.on('error', () => outgoing.destroy());
				outgoing.on('close', () => passed.destroy());
				passed.end(body);
			});
		});
		await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
		const address = server.address();
		this.origin = typeof address === 'object' && address !== null ? `http://127.0.0.1:${address.port}` : '';
		this.#server = server;
	}

	async stop(): Promise<void> {
		this.#server?.closeAllConnections();
		await new Promise((resolve) => this.#server?.close(resolve));
	}

	reset(): void {
		this.#seen = [];
		this.#speak = () => undefined;
	}

	/** For a format that the model server does not speak. */
	speakAs(speak: Speak): void {
		this.#speak = speak;
	}

	/** Requests whose body holds `text`, oldest first. */
	seen(text = ''): readonly Native[] {
		return this.#seen.filter((one) => one.text !== '' && one.text.includes(text));
	}

	/** Bodies of requests that hold `text`: read with `at`. */
	bodies(text = ''): readonly unknown[] {
		return this.seen(text).map((one): unknown => JSON.parse(one.text));
	}
}

/** The model server knows one address for chat completions; gateways have the account and more before it. */
function understood(path: string): string {
	if (/\/(chat\/completions|ai\/run\/[^?]+)$/.test(path)) return '/v1/chat/completions';
	return path.replace(/^\/v1\/[^/]+\/[^/]+\/anthropic(?=\/v1\/messages)/, '');
}

/** A test that also sees the provider's side of the wire. */
export const test = base.extend<{ tap: Tap }, { wireTap: Tap }>({
	wireTap: [
		async ({ model }, use) => {
			const tap = new Tap();
			await tap.start(model.origin);
			await use(tap);
			await tap.stop();
		},
		{ scope: 'worker' }
	],
	worker: [
		async ({ wireTap }, use) => {
			const worker = await serveWorker({
				RELAY_UPSTREAMS: allUpstreams(wireTap.origin),
				RELAY_RATE_LIMIT: '0'
			});
			await use(worker);
			await worker.stop();
		},
		{ scope: 'worker', timeout: 90_000 }
	],
	tap: async ({ wireTap }, use) => {
		wireTap.reset();
		await use(wireTap);
	}
});
export { expect } from './fixtures';
