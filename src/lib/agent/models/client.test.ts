import { describe, expect, it } from 'vitest';
import { createFakeClock, createSeededRandom } from '../../../../tests/fakes/ports';
import type { ModelRef } from '../../wire/entries';
import { noUsage } from '../../wire/entries';
import { AppError } from '../../wire/errors';
import { createModelPort } from './client';
import type { FallbackChain, ModelPortDeps } from './client';
import type { ModelEvent, ModelPort, ModelRequest } from './protocol';
import { loadProtocol } from './protocols';
import { resolveTarget } from './targets';

const groq: ModelRef = { provider: 'groq', model: 'llama-3.3-70b-versatile' };
const mistral: ModelRef = { provider: 'mistral', model: 'mistral-small-latest' };
const request: ModelRequest = {
	model: groq,
	system: '',
	messages: [{ role: 'user', parts: [{ type: 'text', text: 'Hi' }] }],
	tools: [{ name: 'clock', description: 'Time.', input: { type: 'object' } }],
	files: new Map()
};

const chunk = (content: string, finish: string | null = null): string =>
	`data: ${JSON.stringify({ id: 'c', choices: [{ index: 0, delta: { content }, finish_reason: finish }] })}\n\n`;
const answer = (text: string): Response => streamOf([chunk(text), chunk('', 'stop'), 'data: [DONE]\n\n']);

function streamOf(pieces: readonly string[], options: { hangs?: boolean; breaks?: boolean } = {}): Response {
	const encoder = new TextEncoder();
	let next = 0;
	const body = new ReadableStream<Uint8Array>({
		pull: async (controller) => {
			const piece = pieces[next++];
			if (piece !== undefined) controller.enqueue(encoder.encode(piece));
			else if (options.breaks === true) controller.error(new TypeError('network error'));
			else if (options.hangs === true) await new Promise(() => undefined);
			else controller.close();
		}
	});
	return new Response(body, { headers: { 'content-type': 'text/event-stream' } });
}

type Answer = Response | Error | ((request: Request) => Promise<Response>);

function world(
	answers: readonly Answer[],
	more: { chain?: FallbackChain; deps?: Partial<ModelPortDeps>; auto?: boolean } = {}
) {
	const clock = createFakeClock();
	const slept: number[] = [];
	const seen: Request[] = [];
	const silent: ModelPort = {
		ask: (asked) => Promise.resolve({ model: asked.model, parts: [], stop: 'end', usage: noUsage }),
		describe: () => ({
			abilities: { tools: true, images: false, pdf: false, reasoning: false, webSearch: false },
			contextWindow: 1,
			maxOutput: 1,
			isRehearsal: true
		})
	};
	const port = createModelPort({
		fetch: async (to, init) => {
			const sent = new Request(to, init);
			seen.push(sent);
			const given = answers[seen.length - 1] ?? answers.at(-1);
			if (given instanceof Error || given === undefined) throw given ?? new TypeError('failed');
			return typeof given === 'function' ? await given(sent) : given;
		},
		clock: {
			now: () => clock.now(),
			sleep: (ms, signal) => {
				// The idle watch sleeps for the whole timeout; a retry's wait is short and passes at once.
				if (ms >= 10_000) return clock.sleep(ms, signal);
				slept.push(ms);
				return Promise.resolve();
			}
		},
		random: createSeededRandom(1),
		targets: (ref) => resolveTarget(ref, {}, 'https://wherry.test'),
		loadProtocol,
		sign: ({ headers }) => {
			headers.set('authorization', 'Bearer secret');
			return Promise.resolve(headers);
		},
		chain: () => more.chain,
		rehearsal: silent,
		builtin: silent,
		...more.deps
	});
	const events: ModelEvent[] = [];
	const stop = new AbortController();
	const ask = (asked: ModelRequest = request) =>
		port.ask(asked, { signal: stop.signal, onEvent: (event) => events.push(event), requestId: 'r-1' });
	return { ask, events, seen, slept, clock, stop };
}

const status = (code: number, message: string, headers: Record<string, string> = {}): Response =>
	new Response(JSON.stringify({ error: { message } }), { status: code, headers });

describe('the model port', () => {
	it('streams an answer through the relay, signed, with the request id', async () => {
		const { ask, seen, events } = world([answer('Hello')]);
		const reply = await ask();
		expect(reply).toMatchObject({ stop: 'end', parts: [{ type: 'text', text: 'Hello' }], model: groq });
		expect(reply.attempts).toBeUndefined();
		expect(events).toEqual([{ type: 'text', index: 0, delta: 'Hello' }]);
		expect(seen[0]?.url).toBe('https://wherry.test/api/relay/groq/openai/v1/chat/completions');
		expect(seen[0]?.headers.get('authorization')).toBe('Bearer secret');
		expect(seen[0]?.headers.get('x-request-id')).toBe('r-1');
	});

	it('tries again while nothing was said, and waits as long as the server asks', async () => {
		const { ask, slept, seen } = world([
			status(429, 'Slow down', { 'retry-after': '3' }),
			new TypeError('failed'),
			answer('Hi')
		]);
		expect((await ask()).stop).toBe('end');
		expect(seen).toHaveLength(3);
		expect(slept[0]).toBeGreaterThanOrEqual(3000);
		expect(slept[0]).toBeLessThan(3300);
		expect(slept[1]).toBeLessThan(2000);
	});

	it('does not try again what cannot get better', async () => {
		const { ask, seen } = world([status(401, 'Invalid API key')]);
		expect(await ask()).toMatchObject({ stop: 'error', error: { id: 'model/wrong-key' } });
		expect(seen).toHaveLength(1);
	});

	it('keeps what was said when the connection breaks, and asks nobody else', async () => {
		const { ask, seen } = world([streamOf([chunk('Hel')], { breaks: true })], {
			chain: { models: [mistral], perModelTimeoutMs: 10_000 }
		});
		expect(await ask()).toMatchObject({
			stop: 'cut',
			parts: [{ text: 'Hel' }],
			error: { id: 'model/stream-cut' }
		});
		expect(seen).toHaveLength(1);
	});

	it('an answer that would not end is cut off, with what it said until then', async () => {
		const line = new TextEncoder().encode(`: ${'x'.repeat(1 << 20)}\n`);
		let sent = 0;
		let isLeft = false;
		const body = new ReadableStream<Uint8Array>({
			start: (controller) => {
				controller.enqueue(new TextEncoder().encode(chunk('so far')));
			},
			pull: (controller) => {
				sent++;
				controller.enqueue(line);
			},
			cancel: () => {
				isLeft = true;
			}
		});
		const reply = await world([
			new Response(body, { headers: { 'content-type': 'text/event-stream' } })
		]).ask();
		expect(reply).toMatchObject({ stop: 'error', error: { id: 'model/stream-cut' } });
		expect(reply.parts).toMatchObject([{ type: 'text', text: 'so far' }]);
		expect({ sent: sent < 70, isLeft }).toEqual({ sent: true, isLeft: true });
	});

	it('falls back in order with its tools, and keeps a ledger', async () => {
		const { ask, seen } = world([status(400, 'No'), answer('From Mistral')], {
			chain: { models: [groq, mistral], perModelTimeoutMs: 10_000 }
		});
		const reply = await ask();
		expect(reply.model).toEqual(mistral);
		expect(reply.attempts).toMatchObject([
			{ model: groq, ok: false, error: { id: 'model/bad-request' } },
			{ model: mistral, ok: true }
		]);
		expect(await seen[1]?.json()).toMatchObject({
			model: 'mistral-small-latest',
			tools: [{ function: { name: 'clock' } }]
		});
	});

	describe('several models behind one AI Gateway', () => {
		const [first, second, third] = ['openai/gpt-6.1-sol', 'anthropic/claude-sonnet-5-5', 'x/y'].map(
			(model): ModelRef => ({ provider: 'ai-gateway', model })
		);
		const behindOne = (answers: readonly Answer[], models: readonly (ModelRef | undefined)[]) => {
			const baseUrl = 'https://gateway.ai.cloudflare.com/v1/acc/gw/compat';
			const gateway = { cacheSeconds: 3600, skipCache: false };
			return world(answers, {
				chain: { models: models.flatMap((one) => one ?? []), perModelTimeoutMs: 10_000 },
				deps: { targets: (ref) => resolveTarget(ref, { baseUrl, gateway }, 'https://wherry.test') }
			});
		};
		const asking = { ...request, model: first ?? groq };
		const from = (step: string, text: string): Response => {
			const { body, headers } = answer(text);
			headers.set('cf-aig-step', step);
			return new Response(body, { headers });
		};

		it('are one request to its universal endpoint, and the one that answered is named', async () => {
			const { ask, seen } = behindOne([from('1', 'From the second')], [first, second, third]);
			const reply = await ask(asking);
			expect(reply.parts).toMatchObject([{ text: 'From the second' }]);
			expect(reply.model).toEqual(second);
			expect(reply.attempts).toMatchObject([
				{ model: first, ok: false, error: { id: 'model/unavailable' } },
				{ model: second, ok: true }
			]);
			expect(seen).toHaveLength(1);
			expect(seen[0]?.url).toBe('https://wherry.test/api/relay/ai-gateway/v1/acc/gw');
			expect(seen[0]?.headers.get('cf-aig-cache-ttl')).toBe('3600');
			expect(await seen[0]?.json()).toMatchObject(
				[first, second, third].map((one) => ({
					provider: 'compat',
					endpoint: 'chat/completions',
					query: { model: one?.model, stream: true, tools: [{ function: { name: 'clock' } }] },
					config: { requestTimeout: 10_000 }
				}))
			);
		});

		it('all fail together, and a model elsewhere is asked after them', async () => {
			const { ask, seen } = behindOne([status(400, 'No'), answer('From Groq')], [first, second, groq]);
			const reply = await ask(asking);
			expect(reply.attempts?.map(({ model, ok }) => [model, ok])).toEqual([
				[first, false],
				[second, false],
				[groq, true]
			]);
			expect(seen).toHaveLength(2);
		});

		it('with nobody to stand in it is an ordinary request', async () => {
			const { ask, seen } = behindOne([answer('Hello')], [first, groq]);
			expect((await ask(asking)).attempts).toBeUndefined();
			expect(seen[0]?.url).toBe('https://wherry.test/api/relay/ai-gateway/v1/acc/gw/compat/chat/completions');
		});
	});

	it('says that all failed, and what each one said', async () => {
		const { ask } = world([status(400, 'No')], {
			chain: { models: [mistral, { provider: 'rehearsal', model: 'rehearsal' }], perModelTimeoutMs: 10_000 }
		});
		const reply = await ask();
		expect(reply.error?.id).toBe('model/all-failed');
		expect(reply.attempts?.map((attempt) => attempt.model.provider)).toEqual(['groq', 'mistral']);
	});

	it('gives a silent model up after its time and asks the next', async () => {
		const hangs = (sent: Request): Promise<Response> =>
			new Promise((_, reject) => {
				sent.signal.addEventListener('abort', () => {
					reject(new DOMException('aborted', 'AbortError'));
				});
			});
		const { ask, clock } = world([hangs, answer('Quick')], {
			chain: { models: [mistral], perModelTimeoutMs: 20_000 }
		});
		const asked = ask();
		await new Promise((resolve) => setTimeout(resolve, 30));
		clock.advance(20_001);
		const reply = await asked;
		expect(reply).toMatchObject({ stop: 'end', parts: [{ text: 'Quick' }] });
		expect(reply.attempts?.[0]).toMatchObject({ ok: false, error: { id: 'model/timeout' } });
	});

	it('a stream that falls silent in the middle keeps its text and times out', async () => {
		const { ask, clock, events } = world([streamOf([chunk('Hel')], { hangs: true })], {
			chain: { models: [], perModelTimeoutMs: 20_000 }
		});
		const asked = ask();
		while (events.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
		clock.advance(20_001);
		expect(await asked).toMatchObject({
			stop: 'error',
			error: { id: 'model/timeout' },
			parts: [{ text: 'Hel' }]
		});
	});

	it('stops when it is told, with what had come, and half a call marked as such', async () => {
		const call = `data: ${JSON.stringify({ choices: [{ index: 0, delta: { tool_calls: [{ index: 0, id: 'a', function: { name: 'clock', arguments: '{}' } }] } }] })}\n\n`;
		const { ask, stop, events } = world([streamOf([chunk('Hel'), call], { hangs: true })]);
		const asked = ask();
		while (events.length < 3) await new Promise((resolve) => setTimeout(resolve, 5));
		stop.abort();
		const reply = await asked;
		expect(reply).toMatchObject({
			stop: 'aborted',
			parts: [{ text: 'Hel' }, { type: 'call', badArgs: '{}' }]
		});
		expect(reply.error).toBeUndefined();
	});

	it('never rejects, whatever its ports do', async () => {
		const broken = {
			targets: () => {
				throw new AppError('model/no-key');
			}
		};
		expect((await world([], { deps: broken }).ask()).error?.id).toBe('model/no-key');
		const sulky = { sign: () => Promise.reject(new AppError('model/no-key')) };
		expect((await world([], { deps: sulky }).ask()).error?.id).toBe('model/no-key');
		const odd = {
			chain: () => {
				throw new Error('odd');
			}
		};
		expect((await world([], { deps: odd }).ask()).error?.id).toBe('internal/unexpected');
		const listener = world([answer('Hi')]);
		expect((await listener.ask()).stop).toBe('end');
	});

	it('reads a whole JSON answer, and sends nothing along a redirect', async () => {
		const whole = new Response(
			JSON.stringify(
				{ id: 'x', choices: [{ message: { content: 'Hi\nyou' }, finish_reason: 'stop' }] },
				null,
				2
			),
			{ headers: { 'content-type': 'application/json' } }
		);
		expect(await world([whole]).ask()).toMatchObject({ stop: 'end', parts: [{ text: 'Hi\nyou' }] });
		const elsewhere = new Response(null, { status: 302, headers: { location: 'https://evil.test' } });
		expect((await world([elsewhere]).ask()).error?.id).toBe('model/unavailable');
	});
});
