import { expect, test } from 'vitest';
import { noUsage } from '../../wire/entries';
import type { Entry } from '../../wire/entries';
import { ownLabels } from '../../wire/labels';
import type { TurnRecord } from '../journal/records';
import { storedTrace } from './stored-trace';

const model = { provider: 'anthropic', model: 'm' };
const turn: TurnRecord = {
	turnId: 't1',
	sessionId: 's1',
	v: 1,
	state: 'ended',
	entryId: 'u1',
	mode: 'selective',
	model,
	stepLimit: 6,
	effort: '',
	webSearch: false,
	nextOrd: 0,
	lastHash: '',
	responses: 1,
	tail: 'r1',
	attempt: 0,
	seq: 9,
	usage: noUsage,
	startedAt: 100,
	endedAt: 180,
	outcome: 'done'
};
const entry = (id: string, rest: Partial<Entry>): Entry => ({
	id,
	sessionId: 's1',
	parentId: null,
	turnId: 't1',
	v: 1,
	kind: 'assistant',
	author: { device: 'd', principal: 'agent' },
	parts: [],
	labels: ownLabels,
	lam: 1,
	at: 110,
	...rest
});

test('steps, calls and the end of a stored turn become one timeline; other turns are left out (OT-49)', () => {
	const lines = storedTrace(turn, [
		entry('u0', { kind: 'user', turnId: 't0' }),
		entry('a1', { response: { model, stop: 'calls', usage: noUsage, durationMs: 20 } }),
		entry('r1', {
			kind: 'result',
			parts: [
				{
					type: 'result',
					callId: 'c1',
					action: 'clock',
					status: 'ok',
					output: null,
					startedAt: 131,
					durationMs: 4
				}
			]
		})
	]);
	expect(lines.map(({ at, event }) => [at, event.type, event.seq])).toEqual([
		[100, 'turn-start', 0],
		[110, 'step-start', 1],
		[130, 'step-end', 2],
		[131, 'call-run', 3],
		[135, 'call-end', 4],
		[180, 'turn-end', 5]
	]);
});
