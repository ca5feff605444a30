/**
 * What every provider protocol promises, over real recordings: the same events and the same reply
 * however the bytes are cut, the message that the provider's own SDK accumulates, the second request
 * that this SDK would send, and no exception whatever comes.
 *
 * `WHERRY_TEST=full` (or `WHERRY_DEEP`) cuts at every byte; otherwise 200 seeded cuts.
 */

import { describe, expect, it } from 'vitest';
import type { CallPart, Part, ResultPart } from '../../src/lib/wire/entries';
import type {
	Decoder,
	ModelEvent,
	ModelReply,
	ModelRequest,
	Protocol,
	ProtocolTarget,
	TranscriptMessage
} from '../../src/lib/agent/models/protocol';
import type { Recording } from './models/recordings';

export type Reply = ReturnType<Decoder['end']>;

export interface ModelSuite {
	readonly protocol: Protocol;
	readonly target: ProtocolTarget;
	readonly recordings: readonly Recording[];
	/** What the official SDK makes of a recording, as what it would send back; undefined where it cannot read it. */
	readonly sdkMessage?: (recording: Recording) => Promise<unknown>;
	/** Input and output tokens as that SDK reports them. */
	readonly sdkUsage?: (recording: Recording) => Promise<{ readonly input: number; readonly output: number }>;
	/** The same out of the body that we send, with what is not to be compared taken out. */
	readonly ownMessage?: (body: unknown) => unknown;
}

const isDeep = process.env['WHERRY_DEEP'] !== undefined || process.env['WHERRY_TEST'] === 'full';
const smallBytes = 2000;
/** Every byte of the longest recording, on a machine that has other things to do. */
const deepTimeoutMs = 600_000;

export function testModel(suite: ModelSuite): void {
	const { protocol, target } = suite;
	describe(`the ${protocol.id} protocol as ${target.ref.provider} speaks it`, () => {
		if (suite.recordings.length === 0) it.skip('has no recordings here');
		for (const recording of suite.recordings) {
			it(
				`reads ${recording.name} the same however it is cut`,
				() => {
					const whole = decodeAll(suite, [recording.bytes]);
					expect(whole.events.length + whole.reply.parts.length).toBeGreaterThan(0);
					expectConsistent(whole);
					const single = [...recording.bytes].map((byte) => Uint8Array.of(byte));
					expect(decodeAll(suite, single)).toEqual(whole);
					const wanted = JSON.stringify(whole);
					const seed = seedOf(recording.name);
					for (const at of cutsOf(recording.bytes.length, seed)) {
						const halves = [recording.bytes.subarray(0, at), recording.bytes.subarray(at)];
						const cut = decodeAll(suite, halves);
						if (JSON.stringify(cut) !== wanted)
							expect(cut, `cut at byte ${String(at)}, seed ${String(seed)}`).toEqual(whole);
					}
				},
				deepTimeoutMs
			);

			it(
				`keeps what had come when ${recording.name} breaks off, and never runs half a call`,
				() => {
					const whole = decodeAll(suite, [recording.bytes]).reply;
					const seed = seedOf(recording.name);
					for (const at of cutsOf(recording.bytes.length, seed).slice(0, 100)) {
						const { reply } = decodeAll(suite, [recording.bytes.subarray(0, at)]);
						const wanted = textOf(whole);
						const got = textOf(reply);
						if (!wanted.startsWith(got))
							expect(got, `cut at byte ${String(at)}`).toBe(wanted.slice(0, got.length));
						for (const call of callsOf(reply)) {
							if (call.badArgs !== undefined) continue;
							const full = callsOf(whole).find((one) => one.callId === call.callId);
							expect(call.args, `cut at byte ${String(at)}`).toEqual(full?.args);
						}
					}
				},
				deepTimeoutMs
			);

			it(`survives ${recording.name} with bytes changed at random`, () => {
				const seed = seedOf(recording.name) + 1;
				const random = mulberry32(seed);
				for (let n = 0; n < (isDeep ? 300 : 30); n++) {
					const bytes = mutate(recording.bytes, random);
					const { reply } = decodeAll(suite, [bytes]);
					const again = { role: 'assistant', parts: reply.parts, from: target.ref } as const;
					expect(
						() => protocol.encode(requestOf(target, [again]), target),
						`seed ${String(seed)}, try ${String(n)}`
					).not.toThrow();
				}
			});

			const { sdkUsage } = suite;
			if (sdkUsage !== undefined) {
				it(`counts the tokens of ${recording.name} as the official SDK does`, async () => {
					expect(decodeAll(suite, [recording.bytes]).reply.usage).toMatchObject(await sdkUsage(recording));
				});
			}

			const { sdkMessage, ownMessage } = suite;
			if (sdkMessage !== undefined && ownMessage !== undefined) {
				it(`sends ${recording.name} back as the official SDK would`, async () => {
					const { reply } = decodeAll(suite, [recording.bytes]);
					const body = JSON.parse(JSON.stringify(secondTurn(protocol, target, reply))) as unknown;
					const wanted = await sdkMessage(recording);
					expect(ownMessage(body)).toEqual(wanted);
				});
			}
		}
	});
}

export function decodeAll(
	suite: Pick<ModelSuite, 'protocol' | 'target'>,
	pieces: readonly Uint8Array[],
	how: 'closed' | 'aborted' = 'closed'
): { readonly events: readonly ModelEvent[]; readonly reply: Reply } {
	const decoder = suite.protocol.decoder(suite.target);
	const events: ModelEvent[] = [];
	for (const piece of pieces) decoder.push(piece, (event) => events.push(event));
	return { events, reply: decoder.end(how) };
}

/** The body of the request that follows a reply: its message, and a result for each of its calls. */
export function secondTurn(
	protocol: Protocol,
	target: ProtocolTarget,
	reply: Pick<ModelReply, 'parts'>
): unknown {
	const messages: TranscriptMessage[] = [{ role: 'assistant', parts: reply.parts, from: target.ref }];
	const results = callsOf(reply).map(resultOf);
	if (results.length > 0) messages.push({ role: 'tool', parts: results });
	return protocol.encode(requestOf(target, messages), target).body;
}

export function resultOf(call: CallPart): ResultPart {
	return {
		type: 'result',
		callId: call.callId,
		action: call.action,
		status: 'ok',
		output: 'done',
		startedAt: 0,
		durationMs: 0
	};
}

export function requestOf(
	target: ProtocolTarget,
	rest: readonly TranscriptMessage[],
	more: Partial<ModelRequest> = {}
): ModelRequest {
	return {
		model: target.ref,
		system: 'Be kind.',
		messages: [{ role: 'user', parts: [{ type: 'text', text: 'Hello' }] }, ...rest],
		tools: [
			{
				name: 'clock',
				description: 'The time.',
				input: { type: 'object', properties: { zone: { type: 'string' } } }
			}
		],
		files: new Map(),
		...more
	};
}

export function callsOf(reply: Pick<ModelReply, 'parts'>): readonly CallPart[] {
	return reply.parts.filter((part) => part.type === 'call');
}

function textOf(reply: Pick<ModelReply, 'parts'>): string {
	return reply.parts.map((part) => (part.type === 'text' ? part.text : '')).join('');
}

/** The events say exactly what the parts hold, each under its part's place. */
function expectConsistent({
	events,
	reply
}: {
	readonly events: readonly ModelEvent[];
	readonly reply: Reply;
}): void {
	const said = new Map<number, string>();
	const started = new Map<number, string>();
	for (const event of events) {
		if (event.type === 'call-start') {
			expect(started.has(event.index)).toBe(false);
			started.set(event.index, event.callId);
			said.set(event.index, '');
			continue;
		}
		expect(event.delta).not.toBe('');
		if (event.type === 'call-delta') expect(started.get(event.index)).toBe(event.callId);
		said.set(event.index, (said.get(event.index) ?? '') + event.delta);
	}
	const ids = callsOf(reply).map((call) => call.callId);
	expect(new Set(ids).size).toBe(ids.length);
	for (const [index, part] of reply.parts.entries()) expectSaid(part, said.get(index) ?? '');
}

function expectSaid(part: Part, said: string): void {
	if (part.type === 'text' || part.type === 'reasoning') expect(said).toBe(part.text);
	if (part.type !== 'call') return;
	if (part.badArgs !== undefined) expect(said).toBe(part.badArgs);
	else if (said !== '' && said.startsWith('{')) expect(JSON.parse(said)).toEqual(part.args);
}

function cutsOf(length: number, seed: number): readonly number[] {
	if (isDeep || length <= smallBytes) return Array.from({ length }, (_, at) => at);
	const random = mulberry32(seed);
	return Array.from({ length: 200 }, () => Math.floor(random() * length));
}

export function seedOf(name: string): number {
	let seed = 2166136261;
	for (const char of name) seed = Math.imul(seed ^ (char.codePointAt(0) ?? 0), 16777619) >>> 0;
	return seed;
}

export function mulberry32(seed: number): () => number {
	let state = seed;
	return () => {
		state = (state + 0x6d2b79f5) | 0;
		let t = Math.imul(state ^ (state >>> 15), 1 | state);
		t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
		return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
	};
}

function mutate(bytes: Uint8Array, random: () => number): Uint8Array {
	const changed = Uint8Array.from(bytes);
	const tokens = ['null', '{}', '[]', '""', '-1', '1e400', '\n\n', '"__proto__":', 'true'];
	for (let n = 0; n < 1 + random() * 6; n++) {
		const at = Math.floor(random() * changed.length);
		if (random() < 0.5) changed[at] = Math.floor(random() * 256);
		else
			changed.set(
				new TextEncoder()
					.encode(tokens[Math.floor(random() * tokens.length)] ?? '')
					.subarray(0, changed.length - at),
				at
			);
	}
	return changed;
}
