/** The model's side of a test: what it answers, and what it was asked. aimock behind every provider of the relay. */

import { LLMock, isChatCompletionBody, type ChatMessage, type Fixture } from '@copilotkit/aimock';

type Match = Fixture['match'];
type Response = Exclude<Fixture['response'], (...args: never[]) => unknown>;
type Options = Omit<Fixture, 'match' | 'response'>;

/** A request to the model, in OpenAI's shape whatever the protocol was. */
export interface Asked {
	readonly path: string;
	readonly model: string;
	readonly headers: Readonly<Record<string, string>>;
	/** `role: text`, one line a message; a tool's result as `tool: …`, a call as `call {name} {arguments}`. */
	readonly lines: readonly string[];
	readonly system: string;
	readonly tools: readonly string[];
}

export class Upstream {
	#mock = new LLMock({ port: 0 });
	#fixtures: Fixture[] = [];

	async start(): Promise<void> {
		await this.#mock.start();
		this.reset();
	}

	get origin(): string {
		return this.#mock.url;
	}

	async stop(): Promise<void> {
		await this.#mock.stop();
	}

	/** Forgets what was said; anything is answered with "ok" again. */
	reset(): void {
		this.#mock.reset();
		this.#fixtures = [];
		this.#load();
	}

	/** The first that matches wins: a string is a part of the last user message. */
	answer(match: string | Match, response: string | Response, options: Options = {}): void {
		this.#fixtures.push({
			match: typeof match === 'string' ? { userMessage: match } : match,
			response: typeof response === 'string' ? { content: response, usage: someUsage } : response,
			...options
		});
		this.#load();
	}

	/** The model calls an action in answer to `message`, and says `then` once it has the result. */
	calls(message: string, action: string, args: Record<string, unknown>, then: string): void {
		this.answer({ userMessage: message, hasToolResult: true }, then);
		this.answer(message, {
			toolCalls: [{ name: action, arguments: JSON.stringify(args), id: `call_${action}_1` }],
			usage: someUsage
		});
	}

	/** Requests that ask for an answer, oldest first, without probes and titles: those that contain `text`. */
	asked(text = ''): readonly Asked[] {
		return this.#mock
			.getRequests()
			.flatMap(({ path, headers, body }) => (isChatCompletionBody(body) ? [{ path, headers, body }] : []))
			.map(({ path, headers, body }) => ({
				path,
				model: body.model,
				headers,
				system: linesOf(body.messages.filter((message) => message.role === 'system')).join('\n'),
				lines: linesOf(body.messages.filter((message) => message.role !== 'system')),
				tools: (body.tools ?? []).map((tool) => tool.function.name)
			}))
			.filter((asked) => asked.lines.some((line) => line.includes(text)));
	}

	lastAsked(text = ''): Asked {
		const asked = this.asked(text).at(-1);
		if (!asked) throw new Error(`the model was never asked anything with ${JSON.stringify(text)}`);
		return asked;
	}

	#load(): void {
		this.#mock.clearFixtures();
		this.#mock.addFixtures([...this.#fixtures, { match: {}, response: { content: 'ok', usage: someUsage } }]);
	}
}

const someUsage = { input_tokens: 12, output_tokens: 3, prompt_tokens: 12, completion_tokens: 3 };

function linesOf(messages: readonly ChatMessage[]): string[] {
	return messages.flatMap((message) => {
		const text =
			typeof message.content === 'string'
				? message.content
				: (message.content ?? []).map((part) => part.text ?? `[${part.type}]`).join('');
		const calls = (message.tool_calls ?? []).map(
			(call) => `call ${call.function.name} ${call.function.arguments}`
		);
		return [...(text === '' ? [] : [`${message.role}: ${text}`]), ...calls];
	});
}
