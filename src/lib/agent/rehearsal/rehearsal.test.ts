import { beforeEach, describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { createSkillsWorld, type SkillsWorld } from '../../../../tests/fakes/skills-world';
import { builtInPlugins } from '../../plugins/index';
import { definePlugin } from '../../plugins/plugin';
import type { CallStatus, Part, ResultPart } from '../../wire/entries';
import type { Json, JsonObject } from '../../wire/json';
import type { ModelEvent, ModelPort, ModelReply, TranscriptMessage } from '../models/protocol';
import { documentation } from './docs';
import { createRehearsal, rehearsalModel } from './rehearsal';

let world: SkillsWorld;
let model: ModelPort;

beforeEach(async () => {
	world = await createSkillsWorld(builtInPlugins, {
		host: {
			sessions: {
				list: async () => ({ rows: [{ title: 'Tea' }] }),
				search: async () => [],
				read: async () => []
			}
		}
	});
	model = createRehearsal({ skills: world.catalog, docs: documentation });
});

async function ask(
	messages: readonly TranscriptMessage[],
	onEvent: (event: ModelEvent) => void = () => undefined
): Promise<ModelReply> {
	const request = { model: rehearsalModel, system: '', messages, tools: [], files: new Map() };
	return model.ask(request, { signal: new AbortController().signal, onEvent, requestId: 'r' });
}

function user(text: string): TranscriptMessage {
	return { role: 'user', parts: [{ type: 'text', text }] };
}

function textOf({ parts }: ModelReply): string {
	return parts.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('');
}

function callsOf({ parts }: ModelReply): readonly string[] {
	return parts.flatMap((part) =>
		part.type === 'call' ? [`${part.action} ${JSON.stringify(part.args)}`] : []
	);
}

async function planned(text: string): Promise<readonly string[] | string> {
	const reply = await ask([user(text)]);
	return reply.stop === 'calls' ? callsOf(reply) : textOf(reply);
}

/** Plays the loop: runs what is asked for until the closing words. */
async function play(text: string, status: CallStatus = 'ok'): Promise<{ steps: string[][]; text: string }> {
	const messages = [user(text)];
	const steps: string[][] = [];
	for (let step = 0; step < 6; step++) {
		const reply = await ask(messages);
		expect(await ask(messages)).toEqual(reply);
		if (reply.stop !== 'calls') return { steps, text: textOf(reply) };
		steps.push([...callsOf(reply)]);
		const results: Part[] = [];
		for (const part of reply.parts)
			if (part.type === 'call') results.push(await settle(part.callId, part.action, part.args, status));
		messages.push(
			{ role: 'assistant', parts: reply.parts, from: rehearsalModel },
			{ role: 'tool', parts: results }
		);
	}
	throw new Error('no end');
}

async function settle(callId: string, action: string, args: Json, status: CallStatus): Promise<ResultPart> {
	const base = { type: 'result', callId, action, startedAt: 0, durationMs: 0 } as const;
	if (status !== 'ok') return { ...base, status, output: null };
	const input: JsonObject =
		typeof args === 'object' && args !== null && !Array.isArray(args)
			? Object.fromEntries(Object.entries(args))
			: {};
	const outcome = await world.run(action, input);
	return {
		...base,
		status: outcome.status,
		output: outcome.output,
		...(outcome.error === undefined ? {} : { error: outcome.error })
	};
}

describe('rehearsal understands', () => {
	it.each([
		['what time is it', 'clock {}'],
		['What time is it?', 'clock {}'],
		["what's the time", 'clock {}'],
		['please, what time is it', 'clock {}'],
		['What time is it in New York?', 'clock {"zone":"New York"}'],
		['remember that I like tea.', 'memory_remember {"text":"I like tea"}'],
		[
			'remember that salt and also pepper are spices',
			'memory_remember {"text":"salt and also pepper are spices"}'
		],
		[
			'remember that first I wake, then I make tea',
			'memory_remember {"text":"first I wake, then I make tea"}'
		],
		['what do you know about tea?', 'memory_recall {"query":"tea"}'],
		['what do you know about me?', 'memory_list {}'],
		['forget tea', 'memory_forget {"query":"tea"}'],
		['calculate 5!', 'calculate {"expression":"5!"}'],
		['what is 12 * 7?', 'calculate {"expression":"12 * 7"}'],
		['12 * 7', 'calculate {"expression":"12 * 7"}'],
		['list my sessions', 'sessions_list {}'],
		['search my sessions for green tea', 'sessions_search {"text":"green tea"}'],
		['/clock', 'clock {}'],
		['/clock zone=Europe/Berlin', 'clock {"zone":"Europe/Berlin"}'],
		['/clock Tokyo', 'clock {"zone":"Tokyo"}'],
		[
			'/memory_remember {"text": "a, then what time is it", "tags": ["x"]}',
			'memory_remember {"text":"a, then what time is it","tags":["x"]}'
		],
		['/memory_remember text="two words" tags=a,b', 'memory_remember {"text":"two words","tags":["a","b"]}'],
		['/memory_remember tags=a text=I like tags=none', 'memory_remember {"tags":["none"],"text":"I like"}'],
		['/memory_recall tea', 'memory_recall {"query":"tea"}'],
		['/sessions_list limit=5', 'sessions_list {"limit":5}'],
		['remember these:\n- tea\n- cake', 'memory_ingest {"text":"- tea\\n- cake"}'],
		['WHAT TIME IS IT???', 'clock {}'],
		['remember to say please', 'memory_remember {"text":"to say please"}'],
		['what time is it!', 'clock {}'],
		['what’s the time, please?', 'clock {}'],
		['Hey Wherry, can you please tell me the time…', 'clock {}'],
		['“what time is it”', 'clock {}'],
		['please remember that I like tea!', 'memory_remember {"text":"I like tea"}'],
		['Remember: “the key is under the mat”.', 'memory_remember {"text":"the key is under the mat"}'],
		['Calculate: 2 + 2', 'calculate {"expression":"2 + 2"}'],
		['Remember “the boat is Petrel”!', 'memory_remember {"text":"the boat is Petrel"}'],
		['Please forget about tea.', 'memory_forget {"query":"tea"}'],
		['Search my sessions for “green tea”', 'sessions_search {"text":"green tea"}'],
		['Calculate 5!.', 'calculate {"expression":"5!"}'],
		['fetch <https://example.com/a?b=c>', 'web_fetch {"url":"https://example.com/a?b=c"}'],
		['Fetch https://example.com.', 'web_fetch {"url":"https://example.com"}'],
		['why can’t I use clock?', 'self_explain {"about":"clock"}'],
		['Diagnose my storage.', 'self_health {}'],
		['diagnose clock', 'self_explain {"about":"clock"}']
	])('%s', async (text, call) => {
		if (call !== undefined) expect(await planned(text)).toEqual([call]);
	});

	it('A and also B as two calls of one step', async () => {
		expect(await planned('what time is it and also calculate 2+2')).toEqual([
			'clock {}',
			'calculate {"expression":"2+2"}'
		]);
	});

	it('A, then B as two steps, and quotes both results', async () => {
		const { steps, text } = await play('what time is it, then remember that I like tea');
		expect(steps).toEqual([['clock {}'], ['memory_remember {"text":"I like tea"}']]);
		expect(text).toBe('It is Wednesday, 15 January 2025 at 13:30 (Europe/Berlin).\n\nRemembered: I like tea');
	});

	it('both together', async () => {
		const { steps } = await play(
			'calculate 1+1 and also what time is it, then calculate 2+2, and then remember that a and also b, then c'
		);
		expect(steps).toEqual([
			['calculate {"expression":"1+1"}', 'clock {}'],
			['calculate {"expression":"2+2"}'],
			['memory_remember {"text":"a and also b, then c"}']
		]);
	});
});

describe('rehearsal answers', () => {
	it('which argument is missing, and how to write it', async () => {
		const reply = await ask([user('/memory_remember')]);
		expect(textOf(reply)).toBe(
			'“Remember” needs `text` (The fact, as one sentence). Write it like this: `/memory_remember text=…`'
		);
		expect(reply.extras).toEqual({ rehearsal: { form: { action: 'memory_remember', args: {} } } });
		expect(await planned('what time is it, then /memory_remember')).toMatch(
			/needs `text`.* Nothing was run\.$/
		);
		expect(await planned('/sessions_list limit=500')).toMatch(
			/`limit` must be at most 100\. Write it like this/
		);
		expect(await planned('/nope x')).toMatch(/^There is no skill called `nope`/);
	});

	it('one plain sentence to anything else, with a way to connect a model', async () => {
		for (const text of [
			'hello',
			'What is the capital of France?',
			'write a poem about tea',
			'',
			'how do I make a cake'
		]) {
			const reply = await ask([user(text)]);
			expect(textOf(reply), text).toBe('Rehearsal only runs commands, and this needs a model.');
			expect(reply).toMatchObject({ stop: 'end', extras: { rehearsal: { connect: true } } });
		}
	});

	it.each([
		['help', 'What you can type here'],
		['how do I undo something?', 'Undo'],
		['what is a branch?', 'Branches: edit, retry, fork'],
		['how do I fork a session', 'Branches: edit, retry, fork'],
		['what is rehearsal', 'What rehearsal is'],
		['how do I connect a model?', 'Connecting a model'],
		['what are the keyboard shortcuts?', 'Keys on the keyboard'],
		['where is my data stored?', 'Where your data is'],
		['how do I export a session?', 'Export and import'],
		['what is selective mode?', 'Modes: Propose, Selective, Auto'],
		['how do I write a plugin?', 'Skills and plugins'],
		['what happens after a crash?', 'After a crash or reload']
	])('%s, by quoting the documentation', async (text, heading) => {
		expect(await planned(text)).toContain(`> **${heading}**`);
	});

	it('with what went wrong, plainly, and does not go on', async () => {
		expect((await play('what time is it in Nowhere, then remember that I like tea')).text).toBe(
			'“Tell the time” failed. No time zone is called Nowhere.\n\n“Remember”: not run, because what came before did not succeed.'
		);
		expect((await play('what time is it', 'rejected')).text).toBe(
			'You rejected “Tell the time”. It was not run.'
		);
		expect((await play('what time is it', 'not-run')).text).toBe('“Tell the time” was not run.');
		expect((await play('what time is it', 'unknown')).text).toBe(
			'It is not known whether “Tell the time” took effect.'
		);
	});

	it('with results that cannot act as Markdown', async () => {
		const { text } = await play('remember that *this* is ![x](https://evil.example/a.png) <b>and</b> `that`');
		expect(text).toBe(
			'Remembered: \\*this\\* is !\\[x\\](https://evil.example/a.png) \\<b\\>and\\</b\\> \\`that\\`'
		);
	});

	it('with demonstrations that say what they are', async () => {
		expect((await play('demo approval')).steps).toEqual([
			['demo_send_postcard {"to":"Ada","text":"Greetings from a demonstration"}']
		]);
		expect((await play('Demo undo')).text).toMatch(/^Demonstration: .*\n\nThis was a demonstration of undo/);
		expect(await planned('demo branching')).toMatch(/^This is a demonstration/);
		expect((await play('demo branching, second version')).text).toMatch(
			/This was a demonstration of branching/
		);
		expect((await play('demo resume')).text).toMatch(/^Demonstration: counted to 10\./);
	});

	it('with which key a skill still needs, and runs it once it is there (OT-02, OT-41)', async () => {
		const mail = definePlugin({
			id: 'mail',
			title: 'Mail',
			description: 'Sends mail.',
			capabilities: ['tools'],
			hosts: ['api.example.org'],
			secrets: [{ name: 'mail-key', host: 'api.example.org', required: true }],
			actions: [
				{
					id: 'mail_count',
					title: 'Count my mail',
					description: 'Counts it.',
					input: { type: 'object', properties: {}, additionalProperties: false },
					effects: [],
					replay: 'pure',
					phrases: ['count my mail'],
					run: () => Promise.resolve({ count: 3 })
				}
			]
		});
		let hasKey = false;
		world = await createSkillsWorld([mail], { hasSecret: () => hasKey });
		model = createRehearsal({ skills: world.catalog, docs: documentation });
		expect(await planned('count my mail')).toBe(
			'“Count my mail” cannot run here. It needs the key "mail-key" for api.example.org.'
		);
		hasKey = true;
		expect(await planned('Count my mail!')).toEqual(['mail_count {}']);
	});

	it('with why a skill cannot run (OT-41)', async () => {
		world = await createSkillsWorld(builtInPlugins);
		model = createRehearsal({ skills: world.catalog, docs: documentation });
		expect(await planned('list my sessions')).toBe(
			'“List sessions” cannot run here. It needs the sessions of this device, which are not open here.'
		);
		await world.catalog.setEnabled('clock', false);
		expect(await planned('what time is it')).toBe(
			'“Tell the time” cannot run here. It is switched off under Skills.'
		);
	});
});

describe('rehearsal is a model port', () => {
	it('whose events add up to its reply', async () => {
		const events: ModelEvent[] = [];
		const reply = await ask([user('what time is it and also calculate 1+1')], (event) => events.push(event));
		expect(events.map((event) => event.type)).toEqual([
			'call-start',
			'call-delta',
			'call-start',
			'call-delta'
		]);
		expect(reply.parts.map((part) => (part.type === 'call' ? part.callId : ''))).toEqual([
			'rehearsal-1',
			'rehearsal-2'
		]);
		let text = '';
		const said = await ask(
			[user('what is a branch')],
			(event) => (text += event.type === 'text' ? event.delta : '')
		);
		expect(text).toBe(textOf(said));
		expect(model.describe(rehearsalModel)).toMatchObject({ isRehearsal: true, contextWindow: 1_000_000 });
	});

	it('whose call ids never repeat on a branch', async () => {
		const first = await ask([user('what time is it')]);
		const second = await ask([
			user('what time is it'),
			{ role: 'assistant', parts: first.parts },
			user('what time is it')
		]);
		expect(second.parts[0]).toMatchObject({ callId: 'rehearsal-2' });
	});

	it('that takes no note or summary for a command', async () => {
		const reply = await ask([user('what time is it'), user('[Note] An approval came later.')]);
		expect(callsOf(reply)).toEqual(['clock {}']);
	});

	it('that never throws, whatever it is told', async () => {
		const pieces = fc.constantFrom(
			'/',
			'{',
			'}',
			'"',
			'/clock',
			' then ',
			', then ',
			' and also ',
			'remember ',
			'what is ',
			'=',
			'zone=',
			'__proto__',
			'\n',
			'🍵',
			'?',
			'[Note] '
		);
		await fc.assert(
			fc.asyncProperty(fc.array(pieces, { maxLength: 12 }), async (list) => {
				expect(['end', 'calls']).toContain((await ask([user(list.join(''))])).stop);
			})
		);
	});

	it('that is quick with long pasted texts', async () => {
		const started = performance.now();
		for (const text of [
			' '.repeat(200_000) + 'x',
			' then '.repeat(30_000),
			'/'.repeat(100_000),
			`find ${' '.repeat(100_000)}x`,
			'?'.repeat(100_000) + 'x'
		])
			await ask([user(text)]);
		expect(performance.now() - started).toBeLessThan(3000);
	});
});
