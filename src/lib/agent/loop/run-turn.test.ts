import { describe, expect, it } from 'vitest';
import type { TurnRecord } from '../journal/records';
import { createMemoryStore } from '../storage/memory';
import { call, createScriptedModel, text } from '../../../../tests/fakes/scripted-model';
import type { Script } from '../../../../tests/fakes/scripted-model';
import { createFakeSkills, createWorld } from '../../../../tests/fakes/skills';
import { openTurnWorld } from '../../../../tests/fakes/turn-world';
import type { TurnWorldOptions } from '../../../../tests/fakes/turn-world';

const openWorld = (
	script: Script,
	options: Partial<TurnWorldOptions> = {}
): ReturnType<typeof openTurnWorld> =>
	openTurnWorld({
		store: createMemoryStore(),
		model: createScriptedModel(script),
		skills: createFakeSkills(createWorld()),
		...options
	});

const twoSteps: Script = (responses) =>
	responses === 0
		? { parts: [text('Let me see. '), call('1', 'look'), call('2', 'note')] }
		: { parts: [text('Done.')] };

describe('runTurn', () => {
	it('OT-46: runs calls side by side, commits each, and ends with the last answer', async () => {
		const world = await openWorld(twoSteps);
		expect(await world.send('go')).toEqual({ outcome: 'done' });
		expect(world.entries().map((entry) => entry.kind)).toEqual([
			'user',
			'assistant',
			'result',
			'result',
			'assistant'
		]);
	});

	it('OT-84: says one turn-start first, one turn-end last, with a dense seq', async () => {
		const { events, send } = await openWorld(twoSteps);
		await send('go');
		expect(events[0]?.type).toBe('turn-start');
		expect(events.at(-1)?.type).toBe('turn-end');
		expect(events.filter((event) => event.type === 'turn-start' || event.type === 'turn-end')).toHaveLength(
			2
		);
		expect(events.map((event) => event.seq)).toEqual(events.map((_, index) => index));
	});

	it('OT-50: stops at the step limit and says so', async () => {
		const world = await openWorld((responses) => ({ parts: [call(String(responses), 'look')] }), {
			stepLimit: 3
		});
		expect((await world.send('loop')).outcome).toBe('step-limit');
		expect(world.events.some((event) => event.type === 'notice' && event.code === 'step-limit')).toBe(true);
	});

	it('OT-45: selective runs what is safe, holds the rest, goes on after approval', async () => {
		const world = await openWorld(
			(responses) =>
				responses === 0 ? { parts: [call('1', 'look'), call('2', 'pay')] } : { parts: [text('ok')] },
			{ mode: 'selective' }
		);
		const parked = world.parked();
		const ended = world.send('pay');
		await parked;
		const [approval] = await world.approvals();
		expect(world.events.filter((event) => event.type === 'call-end').map((event) => event.action)).toEqual([
			'look'
		]);
		await world.decide(approval?.approvalId ?? '', 'once');
		expect((await ended).outcome).toBe('done');
		expect(world.events.map((event) => event.type)).toContain('turn-resume');
	});

	it('names the answer that comes next by a new secret each time, and by another one after it waited', async () => {
		const store = createMemoryStore();
		const known: (readonly [responses: number, state: string, secret: string])[] = [];
		let secrets = 0;
		const world = await openWorld(
			(responses) =>
				responses === 0 ? { parts: [call('1', 'look'), call('2', 'pay')] } : { parts: [text('ok')] },
			{
				mode: 'selective',
				newStreamSecret: () => `secret ${String(secrets++)}`,
				store: {
					...store,
					async commit(commit) {
						await store.commit(commit);
						for (const { table, row } of commit.put ?? []) {
							if (table !== 'turns') continue;
							const { responses, state, streamSecret = '' } = row as TurnRecord;
							known.push([responses, state, streamSecret]);
						}
					}
				}
			}
		);
		const parked = world.parked();
		const ended = world.send('pay');
		await parked;
		const [approval] = await world.approvals();
		await world.decide(approval?.approvalId ?? '', 'once');
		await ended;
		const first = new Set(known.filter(([responses]) => responses === 0).map(([, , secret]) => secret));
		expect(first).toEqual(new Set(['secret 0']));
		const parkedWith = known.find(([, state]) => state === 'parked')?.[2];
		const goesOnWith = known.findLast(([responses, state]) => responses === 1 && state === 'running')?.[2];
		expect([parkedWith, goesOnWith]).toEqual(['secret 1', 'secret 2']);
	});

	it('CT-03: a rejected call is answered as rejected, and the model is told', async () => {
		const model = createScriptedModel((responses) =>
			responses === 0 ? { parts: [call('1', 'fire')] } : { parts: [text('fine')] }
		);
		const world = await openWorld(() => ({ parts: [] }), { model });
		const parked = world.parked();
		const ended = world.send('fire');
		await parked;
		const [approval] = await world.approvals();
		await world.decide(approval?.approvalId ?? '', 'reject');
		await ended;
		expect(model.requests[1]?.messages.at(-1)?.parts[0]).toMatchObject({
			type: 'result',
			status: 'rejected'
		});
	});

	it('OT-44: propose mode holds every call, native or fenced, with any model', async () => {
		const model = createScriptedModel(
			(responses) =>
				responses === 0
					? { parts: [text('I would look.\n\n```wherry-action\n{"action": "look", "args": {}}\n```\n')] }
					: { parts: [text('seen')] },
			{ tools: false }
		);
		const world = await openWorld(() => ({ parts: [] }), { model, mode: 'propose' });
		const parked = world.parked();
		const ended = world.send('what would you do');
		await parked;
		const [approval] = await world.approvals();
		expect(approval?.held).toMatchObject({ action: 'look', reasons: [{ code: 'propose' }] });
		await world.decide(approval?.approvalId ?? '', 'once');
		expect((await ended).outcome).toBe('done');
	});

	it('CT-45: a stop settles held calls as not run', async () => {
		const stop = new AbortController();
		const world = await openWorld(() => ({ parts: [call('1', 'pay')] }));
		const parked = world.parked();
		const ended = world.send('pay', stop.signal);
		await parked;
		stop.abort();
		expect((await ended).outcome).toBe('stopped');
		expect(world.entries().at(-1)?.parts[0]).toMatchObject({ type: 'result', status: 'not-run' });
	});

	it('CT-45: a stop reaches a running skill', async () => {
		const stop = new AbortController();
		const world = await openWorld(() => ({ parts: [call('1', 'look')] }), {
			skills: createFakeSkills(createWorld(), { hang: 'look' })
		});
		const ended = world.send('hang', stop.signal);
		setTimeout(() => {
			stop.abort();
		}, 5);
		expect((await ended).outcome).toBe('stopped');
	});

	it('ends a turn whose model never answers and never notices the stop', async () => {
		const stop = new AbortController();
		const model = {
			...createScriptedModel(() => ({ parts: [] })),
			ask: () => new Promise<never>(() => undefined)
		};
		const world = await openWorld(() => ({ parts: [] }), { model });
		const ended = world.send('hang', stop.signal);
		setTimeout(() => {
			stop.abort();
			setTimeout(() => {
				world.clock.advance(5_000);
			}, 5);
		}, 5);
		expect((await ended).outcome).toBe('stopped');
		expect(world.events.at(-1)?.type).toBe('turn-end');
	});

	it('ends a turn whose model throws', async () => {
		const model = {
			...createScriptedModel(() => ({ parts: [] })),
			ask: () => Promise.reject(new Error('boom'))
		};
		const world = await openWorld(() => ({ parts: [] }), { model });
		expect(await world.send('x')).toMatchObject({ outcome: 'failed', error: { id: 'internal/unexpected' } });
	});

	it('keeps the text of a response that broke off, and no call of it', async () => {
		const world = await openWorld(() => ({ parts: [text('Half a sen'), call('1', 'fire')], stop: 'cut' }));
		expect((await world.send('x')).error?.id).toBe('model/stream-cut');
		expect(world.entries().at(-1)?.parts).toEqual([text('Half a sen')]);
	});

	it('answers unknown skills, failing skills and bad arguments as data', async () => {
		const world = await openWorld((responses) =>
			responses === 0
				? {
						parts: [
							call('1', 'nope'),
							call('2', 'broken'),
							{ type: 'call', callId: '3', action: 'look', args: null, badArgs: '{"a', via: 'native' }
						]
					}
				: { parts: [text('ok')] }
		);
		expect((await world.send('x')).outcome).toBe('done');
		const ids = world.events.flatMap((event) => (event.type === 'call-end' ? [event.error?.id] : []));
		expect(new Set(ids)).toEqual(new Set(['skill/unknown', 'skill/bad-arguments', 'skill/failed']));
	});

	it('takes a steering message before the next request', async () => {
		const model = createScriptedModel(twoSteps);
		const world = await openWorld(twoSteps, { model });
		const original = model.ask.bind(model);
		let isFirst = true;
		model.ask = async (request, options) => {
			const reply = await original(request, options);
			if (isFirst) {
				isFirst = false;
				const draft = {
					id: 'steer',
					sessionId: 'session-1',
					v: 1,
					kind: 'user' as const,
					author: { device: 'test', principal: 'user' },
					parts: [text('hurry')],
					labels: { integrity: 'user' as const, private: true, sources: [] },
					at: 0
				};
				world.steering.push({ draft, row: { table: 'queue', key: 'x' } });
			}
			return reply;
		};
		await world.send('go');
		expect(model.requests[1]?.messages.at(-1)?.parts).toEqual([text('hurry')]);
	});

	it('OT-22: compacts at 80 % of the context, and the next request carries the summary', async () => {
		const model = createScriptedModel(
			(_, request) => ({
				parts: [text(request.system.includes('summarise') ? 'SUMMARY' : 'word '.repeat(200))]
			}),
			{
				contextWindow: 600
			}
		);
		const world = await openWorld(() => ({ parts: [] }), { model });
		for (const message of ['one', 'two', 'three', 'four']) await world.send(message);
		const last = model.requests.at(-1);
		expect(JSON.stringify(last?.messages)).toContain('SUMMARY');
		expect(JSON.stringify(last?.messages)).not.toContain('"one"');
		expect(world.entries().filter((entry) => entry.kind === 'user')).toHaveLength(4);
	});
});
