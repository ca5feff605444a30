import { afterEach, expect, it } from 'vitest';
import type { AgentEndpoint, Result } from '../lib/wire/commands';
import type { Patch, ToPage } from '../lib/wire/view';
import { createAgentClient, type ClientState, type SpawnedAgent } from './agent-client';

interface Asked {
	readonly name: string;
	readonly id: string;
	readonly input: unknown;
	answer(result: Result<unknown>): void;
}
const ended: (() => void)[] = [];
afterEach(() => {
	for (const end of ended.splice(0)) end();
});

function world(options: { refusal?: string; whenDrawn?: (run: () => void) => void } = {}) {
	const { refusal, whenDrawn } = options;
	const asked: Asked[] = [];
	const ports: MessagePort[] = [];
	const deaths: (() => void)[] = [];
	const messages: ToPage[] = [];
	const states: ClientState[] = [];
	const reasons: string[] = [];
	let ids = 0;
	const client = createAgentClient({
		newId: () => `id${++ids}`,
		wait: (ms) => (ms > 10_000 ? new Promise(() => undefined) : Promise.resolve()),
		onMessage: (message) => messages.push(message),
		onState: (state, reason) => {
			states.push(state);
			if (reason !== undefined) reasons.push(reason);
		},
		...(whenDrawn === undefined ? {} : { whenDrawn }),
		spawn: (): SpawnedAgent => {
			// Answers are untyped on this side of the fake, as they are on the other side of a worker.
			const call = (name: string, id: string, input: unknown) =>
				new Promise<never>((resolve) => {
					asked.push({ name, id, input, answer: (result) => (resolve as (value: unknown) => void)(result) });
				});
			const endpoint: AgentEndpoint = {
				lendModel: () => Promise.resolve(),
				attach: async (port) => {
					if (refusal !== undefined) throw new Error(refusal);
					ports.push(port);
					ended.push(() => port.close());
				},
				call
			};
			const died = new Promise<void>((resolve) => deaths.push(resolve));
			return { endpoint, died, end: () => undefined };
		}
	});
	ended.push(() => client.close());
	return { client, asked, ports, deaths, messages, states, reasons };
}
const settle = () => new Promise((resolve) => setTimeout(resolve, 5));

it('keeps a command until the worker is there, then answers it', async () => {
	const { client, asked } = world();
	const answer = client.call('session.stop', { sessionId: 's' });
	expect(asked).toHaveLength(0);
	await settle();
	asked[0]?.answer({ ok: true, data: null });
	expect(await answer).toEqual({ ok: true, data: null });
});

it('sends a command that was not answered once more with the same id when the worker dies', async () => {
	const { client, asked, deaths, states } = world();
	await settle();
	const answer = client.call('session.stop', { sessionId: 's' });
	deaths[0]?.();
	await settle();
	const sent = asked.filter((one) => one.name === 'session.stop');
	expect(sent.map((one) => one.id)).toEqual(['id1', 'id1']);
	sent[0]?.answer({ ok: false, error: { id: 'worker/crashed', message: 'late', retryable: true } });
	sent[1]?.answer({ ok: true, data: null });
	expect(await answer).toEqual({ ok: true, data: null });
	expect(states).toEqual(['starting', 'ready', 'restarting', 'restarting', 'ready']);
});

it('opens the session again before anything else after a crash', async () => {
	const { client, asked, deaths } = world();
	await settle();
	const opened = client.call('session.open', { sessionId: null });
	asked[0]?.answer({ ok: true, data: { sessionId: 'mine' } });
	await opened;
	void client.call('session.stop', { sessionId: 'mine' });
	deaths[0]?.();
	await settle();
	expect(asked.slice(2).map((one) => [one.name, one.input])).toEqual([
		['session.open', { sessionId: 'mine', begin: true }],
		['session.stop', { sessionId: 'mine' }]
	]);
});

it('gives up after five crashes in a row', async () => {
	const { deaths, states } = world();
	for (let crash = 0; crash < 6; crash++) {
		await settle();
		deaths[crash]?.();
	}
	await settle();
	expect(states.at(-1)).toBe('failed');
});

it('acknowledges each batch, drops one that came twice and asks for a snapshot after a gap', async () => {
	const { ports, messages } = world();
	await settle();
	const [port] = ports;
	const heard: unknown[] = [];
	port?.addEventListener('message', (event) => heard.push(event.data));
	port?.start();
	const batch = (cursor: number): ToPage => ({ type: 'batch', cursor, patches: [{ op: 'sessions' }] });
	port?.postMessage({
		type: 'snapshot',
		cursor: 3,
		sessionId: null,
		state: null,
		window: { total: 0, items: [] },
		trace: []
	} satisfies ToPage);
	for (const cursor of [4, 4, 5, 9]) port?.postMessage(batch(cursor));
	await settle();
	await settle();
	expect(heard).toEqual([{ ack: 4 }, { ack: 4 }, { ack: 5 }, { resync: true }]);
	expect(messages.map((message) => message.cursor)).toEqual([3, 4, 5]);
});

it('says what the worker said when storage cannot be opened, instead of "stopped unexpectedly"', async () => {
	const { states, reasons } = world({ refusal: 'This browser has no room left for Wherry.' });
	await settle();
	expect(states.at(-1)).toBe('failed');
	expect(reasons).toEqual(['This browser has no room left for Wherry.']);
});

it('acknowledges more text once it is drawn, and everything else at once', async () => {
	const drawing: (() => void)[] = [];
	const { ports, messages } = world({ whenDrawn: (run) => drawing.push(run) });
	await settle();
	const acks: unknown[] = [];
	const port = ports[0];
	if (port === undefined) throw new Error('There is a port.');
	port.onmessage = ({ data }: MessageEvent<unknown>) => acks.push(data);
	const send = (cursor: number, patch: Patch) =>
		port.postMessage({ type: 'batch', cursor, patches: [patch] } satisfies ToPage);
	port.postMessage({
		type: 'snapshot',
		cursor: 0,
		sessionId: null,
		state: null,
		window: { total: 0, items: [] },
		trace: []
	} satisfies ToPage);
	send(1, { op: 'stream', key: 'a', part: 0, kind: 'text', frozen: [], tail: [] });
	await settle();
	expect(messages).toHaveLength(2);
	expect(acks).toEqual([]);
	for (const run of drawing.splice(0)) run();
	await settle();
	expect(acks).toEqual([{ ack: 1 }]);
	send(2, { op: 'sessions' });
	await settle();
	expect(acks).toEqual([{ ack: 1 }, { ack: 2 }]);
	expect(drawing).toEqual([]);
});
