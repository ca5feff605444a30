import { describe, expect, it } from 'vitest';
import { anthropic } from '../../../src/lib/agent/models/anthropic';
import { gemini } from '../../../src/lib/agent/models/gemini';
import { openAiChat } from '../../../src/lib/agent/models/openai-chat';
import { openAiResponses } from '../../../src/lib/agent/models/openai-responses';
import type { Protocol, ProtocolTarget, TranscriptMessage } from '../../../src/lib/agent/models/protocol';
import type { CallPart } from '../../../src/lib/wire/entries';
import { decodeAll, requestOf, resultOf } from '../model';
import { recordingsOf } from './recordings';
import { targetOf } from './target';

const protocols: readonly (readonly [string, Protocol, ProtocolTarget])[] = [
	['anthropic', anthropic, targetOf('anthropic', 'claude-sonnet-4-5')],
	['openai-chat', openAiChat, targetOf('openai', 'gpt-4.1')],
	['mistral', openAiChat, targetOf('mistral', 'mistral-small-latest')],
	['openai-responses', openAiResponses, targetOf('openai', 'gpt-5.5')],
	['gemini', gemini, targetOf('gemini', 'gemini-3.5-flash')]
];

const call = (callId: string, via: CallPart['via'] = 'native'): CallPart => ({
	type: 'call',
	callId,
	action: 'clock',
	args: { zone: callId },
	via
});

function bodyOf(protocol: Protocol, target: ProtocolTarget, messages: readonly TranscriptMessage[]): string {
	return JSON.stringify(protocol.encode(requestOf(target, messages), target).body);
}

describe.each(protocols)('what %s sends', (_, protocol, target) => {
	it('leaves out a call without its result and a result without its call', () => {
		const lost = call('lost-call');
		const answered = call('answered');
		const body = bodyOf(protocol, target, [
			{
				role: 'assistant',
				parts: [{ type: 'text', text: 'Let me look.' }, lost, answered],
				from: target.ref
			},
			{ role: 'tool', parts: [resultOf(answered), resultOf(call('stray'))] },
			{ role: 'user', parts: [{ type: 'text', text: 'Go on' }] }
		]);
		expect(body).not.toContain('lost-call');
		expect(body).not.toContain('stray');
		expect(body).toContain('Go on');
		expect(body.match(/"zone":"answered"|zone\\":\\"answered/g)).toHaveLength(1);
	});

	it('writes fenced calls, and their results, as text', () => {
		const fence = call('fence-0', 'fence');
		const body = bodyOf(protocol, target, [
			{ role: 'assistant', parts: [{ type: 'text', text: 'I propose:' }, fence], from: target.ref },
			{ role: 'tool', parts: [{ ...resultOf(fence), output: { now: 12 } }] }
		]);
		const text = JSON.stringify(
			'I propose:\n\n```wherry-action\n{"action":"clock","args":{"zone":"fence-0"}}\n```'
		);
		expect(body).toContain(text.slice(1, -1));
		expect(body).toContain(JSON.stringify('{"now":12}').slice(1, -1));
	});

	it('writes native calls as text where the model has no tools', () => {
		const target2 = { ...target, abilities: { ...target.abilities, tools: false } };
		const body = bodyOf(protocol, target2, [
			{ role: 'assistant', parts: [call('native-1')], from: target.ref },
			{ role: 'tool', parts: [resultOf(call('native-1'))] }
		]);
		expect(body).toContain('wherry-action');
		expect(body).not.toContain('tool_use');
		expect(body).not.toContain('tool_calls');
		expect(body).not.toContain('functionCall');
		expect(body).not.toContain('function_call');
	});

	it('never shows another provider\u2019s signatures, reasoning or blocks, and keeps its text and calls', () => {
		const foreign: TranscriptMessage = {
			role: 'assistant',
			parts: [
				{
					type: 'reasoning',
					text: 'secret thought',
					extras: { elsewhere: { signature: 'sig-1' }, [target.ref.provider]: { signature: 'sig-2' } }
				},
				{
					type: 'provider',
					provider: 'elsewhere',
					gist: 'search',
					raw: { type: 'server_tool_use', id: 'raw-1' }
				},
				{ type: 'text', text: 'Visible.', extras: { elsewhere: { citations: ['cite-1'] } } },
				{ ...call('weird id:1'), extras: { elsewhere: { thoughtSignature: 'sig-3' } } }
			],
			from: { provider: 'elsewhere', model: 'x' }
		};
		const body = bodyOf(protocol, target, [foreign, { role: 'tool', parts: [resultOf(call('weird id:1'))] }]);
		for (const hidden of ['secret thought', 'sig-1', 'sig-2', 'sig-3', 'raw-1', 'cite-1'])
			expect(body).not.toContain(hidden);
		expect(body).toContain('Visible.');
		expect(body).toMatch(/"zone":"weird id:1"|zone\\":\\"weird id:1/);
	});

	it('sends what only the same provider understands back to it, however the words between were said', () => {
		const known = recordingsOf('anthropic', 'openai-responses', 'gemini').filter((one) =>
			/thinking-then|encrypted.*#0|gemini-thinking/.test(one.name)
		);
		for (const recording of known) {
			if (!recording.name.startsWith(protocol.id.split('-')[0] ?? '')) continue;
			const { reply } = decodeAll({ protocol, target }, [recording.bytes]);
			const own = bodyOf(protocol, target, [{ role: 'assistant', parts: reply.parts, from: target.ref }]);
			const other = bodyOf(protocol, target, [
				{ role: 'assistant', parts: reply.parts, from: { provider: 'elsewhere', model: 'x' } }
			]);
			const signature = /"(signature|encrypted_content|thoughtSignature)":"[A-Za-z0-9+/=_-]{60}/;
			if (protocol.id !== 'openai-chat') expect(own).toMatch(signature);
			expect(other).not.toMatch(signature);
		}
	});

	it('sends pictures, PDF and text files in, and says so where it cannot', () => {
		const bytes = new TextEncoder().encode('name,age\nAda,36');
		const file = (name: string, mediaType: string) =>
			({ type: 'file', blob: name, name, mediaType, size: bytes.length }) as const;
		const parts = [
			file('a.png', 'image/png'),
			file('b.pdf', 'application/pdf'),
			file('c.csv', 'text/csv'),
			file('d.zip', 'application/zip'),
			{ type: 'text', text: 'What is this?' }
		] as const;
		const files = new Map(
			parts.flatMap((part) => (part.type === 'file' ? [[part.blob, bytes] as const] : []))
		);
		const can = { ...target, abilities: { ...target.abilities, images: true, pdf: true } };
		const request = requestOf(can, [{ role: 'user', parts }], { files });
		const body = JSON.stringify(protocol.encode(request, can).body);
		expect(body.split(btoa('name,age\nAda,36')).length - 1).toBe(2);
		expect(body).toContain('Ada,36');
		expect(body).toContain('d.zip');
		const blind = { ...target, abilities: { ...target.abilities, images: false, pdf: false } };
		const without = JSON.stringify(protocol.encode({ ...request, files: new Map() }, blind).body);
		expect(without).toContain('not on this device');
		expect(JSON.stringify(protocol.encode(request, blind).body)).toContain('does not see pictures');
	});
});

describe('a request to Anthropic', () => {
	const target = targetOf('anthropic', 'claude-sonnet-4-5');

	it('marks the system prompt and the newest two user messages for the cache', () => {
		const said = (text: string): TranscriptMessage => ({ role: 'user', parts: [{ type: 'text', text }] });
		const answer = (text: string): TranscriptMessage => ({
			role: 'assistant',
			parts: [{ type: 'text', text }],
			from: target.ref
		});
		const body = bodyOf(anthropic, target, [answer('1'), said('two'), answer('3'), said('four')]);
		expect(body.match(/cache_control/g)).toHaveLength(3);
		expect(body).toContain('"text":"two","cache_control"');
		expect(body).toContain('"text":"four","cache_control"');
	});

	it('thinks by budget on older models and by effort on newer ones', () => {
		const older = anthropic.encode(requestOf(target, [], { effort: 'medium' }), target).body;
		expect(older['thinking']).toEqual({ type: 'enabled', budget_tokens: 8192 });
		const newer = targetOf('anthropic', 'claude-opus-5-5');
		const body = anthropic.encode(
			requestOf(newer, [], { effort: 'none', toolChoice: 'required' }),
			newer
		).body;
		expect(body['thinking']).toEqual({ type: 'adaptive', display: 'summarized' });
		expect(body['output_config']).toEqual({ effort: 'low' });
		expect(body['tool_choice']).toBeUndefined();
	});

	it('goes without a thinking budget in a loop that another model began', () => {
		const messages: readonly TranscriptMessage[] = [
			{ role: 'assistant', parts: [call('a')], from: { provider: 'openai', model: 'gpt-5' } },
			{ role: 'tool', parts: [resultOf(call('a'))] }
		];
		expect(
			anthropic.encode(requestOf(target, messages, { effort: 'high' }), target).body['thinking']
		).toBeUndefined();
	});

	it('keeps call ids unique in the conversation', () => {
		const step: readonly TranscriptMessage[] = [
			{ role: 'assistant', parts: [call('0')], from: { provider: 'openrouter', model: 'x' } },
			{ role: 'tool', parts: [resultOf(call('0'))] }
		];
		const body = bodyOf(anthropic, target, [...step, ...step]);
		const ids = [...body.matchAll(/"type":"tool_use","id":"([^"]+)"/g)].map((match) => match[1]);
		expect(new Set(ids).size).toBe(2);
	});
});

describe('a request to Gemini', () => {
	it('takes only the schema keywords that it knows', () => {
		const target = targetOf('gemini', 'gemini-2.5-flash');
		const input = {
			$schema: 'https://json-schema.org/draft/2020-12/schema',
			type: 'object',
			additionalProperties: false,
			$defs: {
				Place: {
					type: 'object',
					properties: { city: { type: ['string', 'null'], const: 'Bern' } },
					additionalProperties: false
				}
			},
			properties: {
				place: { $ref: '#/$defs/Place' },
				count: { type: 'integer', exclusiveMinimum: 0, enum: [1, 2] },
				tags: { type: 'array', items: { oneOf: [{ type: 'string' }, { type: 'null' }] } },
				self: { $ref: '#' }
			},
			required: ['place', 'gone']
		};
		const body = JSON.stringify(
			gemini.encode(requestOf(target, [], { tools: [{ name: 'go', description: 'Go.', input }] }), target)
				.body
		);
		for (const keyword of [
			'$schema',
			'additionalProperties',
			'$ref',
			'$defs',
			'oneOf',
			'const"',
			'exclusiveMinimum',
			'gone'
		]) {
			expect(body).not.toContain(keyword);
		}
		expect(body).toContain('"enum":["Bern"]');
		expect(body).toContain('"required":["place"]');
	});
});
