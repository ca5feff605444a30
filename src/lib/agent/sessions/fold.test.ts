import { describe, expect, it } from 'vitest';
import { entryVersion, noUsage, type Entry, type Part } from '../../wire/entries';
import { ownLabels } from '../../wire/labels';
import { addToEstimate, estimateTokens } from './estimate';
import { createTranscript, foldTranscript } from './fold';

let count = 0;
function entry(kind: Entry['kind'], parts: readonly Part[], more: Partial<Entry> = {}): Entry {
	return {
		id: `e${String(count++)}`,
		sessionId: 's',
		parentId: null,
		v: entryVersion,
		kind,
		author: { device: 'd', principal: 'agent' },
		parts,
		labels: ownLabels,
		lam: 0,
		at: 0,
		...more
	};
}
const text = (words: string): Part => ({ type: 'text', text: words });
const call = (callId: string): Part => ({ type: 'call', callId, action: 'look', args: {}, via: 'native' });
const result = (callId: string, output: string): Part => ({
	type: 'result',
	callId,
	action: 'look',
	status: 'ok',
	output,
	startedAt: 0,
	durationMs: 0
});
const usage = (input: number): Pick<Entry, 'response'> => ({
	response: {
		model: { provider: 'p', model: 'm' },
		stop: 'end',
		usage: { ...noUsage, input, output: 5 },
		durationMs: 0
	}
});

const asked = entry('user', [text('go')]);
const branch = [
	asked,
	entry('assistant', [text('First.'), call('a'), call('b')]),
	entry('result', [result('b', 'two')]),
	entry('result', [result('a', 'one')]),
	entry('result', [result('a', 'again')]),
	entry('assistant', [call('a')], usage(400)),
	entry('user', [text('faster')]),
	entry('result', [result('a', 'late')]),
	entry('summary', [text('What was.')], { covers: { upTo: asked.id } }),
	entry('note', [text('By the way.')]),
	entry('assistant', [text('Done.')])
];
const reader = { isRehearsal: false };

describe('the transcript', () => {
	it('answers each call once, in the order of the calls, right after them', () => {
		const outputs = foldTranscript(branch.slice(0, 8), reader).map(({ role, parts }) => [
			role,
			...parts.flatMap((part) => (part.type === 'result' ? [part.output] : []))
		]);
		expect(outputs).toEqual([
			['user'],
			['assistant'],
			['tool', 'one', 'two'],
			['assistant'],
			['tool', 'late'],
			['user']
		]);
	});

	it('is the same grown entry by entry as folded at once, a summary included', () => {
		for (let start = 0; start <= branch.length; start++) {
			const grown = createTranscript(branch.slice(0, start), reader);
			for (const one of branch.slice(start)) grown.add(one);
			expect(grown.messages()).toEqual(foldTranscript(branch, reader));
		}
	});

	it('leaves a request that is under way as it was when a result comes', () => {
		const grown = createTranscript(branch.slice(0, 2), reader);
		const request = grown.messages();
		const before = structuredClone(request);
		for (const one of branch.slice(2)) grown.add(one);
		expect(request).toEqual(before);
	});

	it('is estimated the same entry by entry as at once', () => {
		let tokens = 0;
		for (let end = 1; end <= branch.length; end++) {
			tokens = addToEstimate(tokens, branch.slice(0, end));
			expect(tokens).toBeCloseTo(estimateTokens(branch.slice(0, end)));
		}
	});
});
