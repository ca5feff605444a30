/** A provider that answers whatever a test says, byte for byte: what no recording and no decent server holds. */

import { createServer, type Server, type ServerResponse } from 'node:http';

/** Writes one answer to a request; `step` counts the requests of this message from 0. */
export type Answer = (answer: ServerResponse, step: number, body: string) => void | Promise<void>;

export class HostileModel {
	#server: Server | undefined;
	#answers = new Map<string, Answer>();
	#steps = new Map<string, number>();
	readonly bodies: string[] = [];
	origin = '';

	async start(): Promise<void> {
		this.#server = createServer((request, response) => {
			const pieces: Buffer[] = [];
			request.on('data', (piece: Buffer) => pieces.push(piece));
			request.on('end', () => {
				const body = Buffer.concat(pieces).toString();
				if (body !== '') this.bodies.push(body);
				const said = lastUserText(body);
				const found = [...this.#answers].find(([match]) => said.includes(match));
				const step = this.#steps.get(found?.[0] ?? '') ?? 0;
				this.#steps.set(found?.[0] ?? '', step + 1);
				response.on('error', () => undefined);
				void (found?.[1] ?? says('ok'))(response, step, body);
			});
		});
		const server = this.#server;
		await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
		const address = server.address();
		this.origin = typeof address === 'object' && address !== null ? `http://127.0.0.1:${address.port}` : '';
	}

	async stop(): Promise<void> {
		this.#server?.closeAllConnections();
		await new Promise((resolve) => this.#server?.close(resolve));
	}

	reset(): void {
		this.#answers.clear();
		this.#steps.clear();
		this.bodies.length = 0;
	}

	/** When the last user message contains `match`. */
	answer(match: string, answer: Answer): void {
		this.#answers.set(match, answer);
	}
}

function lastUserText(body: string): string {
	try {
		const { messages = [] } = JSON.parse(body) as { messages?: { role: string; content: unknown }[] };
		const last = messages.findLast((message) => message.role === 'user');
		return JSON.stringify(last?.content ?? '');
	} catch {
		return '';
	}
}

/** An OpenAI-style chunk as an event. */
export function event(delta: Record<string, unknown>, finish: string | null = null): string {
	return `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', model: 'm', choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`;
}

export const open = (answer: ServerResponse): void =>
	void answer.writeHead(200, { 'content-type': 'text/event-stream' });

export const says =
	(text: string): Answer =>
	(answer) => {
		open(answer);
		answer.end(`${event({ content: text })}${event({}, 'stop')}data: [DONE]\n\n`);
	};

export interface SentCall {
	readonly id?: string;
	readonly name: string;
	readonly args: string;
}

/** Calls at every step up to `steps`, then text. */
export const calls =
	(made: readonly SentCall[], then: string, steps = 1): Answer =>
	(answer, step) => {
		if (step >= steps) return says(then)(answer, step, '');
		open(answer);
		const parts = made.map(({ id, name, args }, index) =>
			event({
				tool_calls: [
					{ index, id: id ?? `call_${step}_${index}`, type: 'function', function: { name, arguments: args } }
				]
			})
		);
		answer.end(`${parts.join('')}${event({}, 'tool_calls')}data: [DONE]\n\n`);
	};
