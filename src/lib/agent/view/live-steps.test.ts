import { expect, test } from 'vitest';
import type { LoopEvent } from '../../wire/events';
import { createLiveSteps, isLiveStep } from './live-steps';
import type { LiveStep } from './live-steps';

const model = { provider: 'rehearsal', model: 'rehearsal' };
const start = (seq: number): LoopEvent => ({
	type: 'step-start',
	turnId: 't',
	seq,
	step: 0,
	entryId: 'e',
	model
});
const text = (seq: number, delta: string): LoopEvent => ({
	type: 'text-delta',
	turnId: 't',
	seq,
	index: 0,
	delta
});
const textOf = (step: LiveStep | null): string =>
	(step?.events ?? []).map((event) => ('delta' in event ? event.delta : '')).join('');

test('what was written so far is there for whoever comes later, joined, and gone with the turn', () => {
	const steps = createLiveSteps();
	expect(steps.of('s')).toBeNull();
	steps.note('s', 1, start(1));
	for (const [index, word] of ['one ', 'two ', 'three'].entries()) steps.note('s', 2, text(2 + index, word));
	const step = steps.of('s');
	expect(step?.events).toHaveLength(1);
	expect(textOf(step)).toBe('one two three');
	expect(step?.seq).toBe(4);
	expect(isLiveStep(structuredClone(step))).toBe(true);
	steps.note('s', 3, { type: 'turn-end', turnId: 't', seq: 5 } as LoopEvent);
	expect(steps.of('s')).toBeNull();
});

test('a tab that came in the middle has every delta once, whichever way it arrived first', () => {
	const leader = createLiveSteps();
	const words = Array.from({ length: 8 }, (_, index) => `${index} `);
	for (const asked of [0, 3, 8]) {
		for (const answered of [asked, 8]) {
			const follower = createLiveSteps();
			leader.note('s', 1, start(1));
			let snapshot: LiveStep | null = null;
			for (let n = 0; n <= 8; n++) {
				// The question may arrive before or after deltas that both have seen.
				if (n === Math.max(0, asked - 2)) follower.expect('s');
				if (n === asked) snapshot = structuredClone(leader.of('s'));
				if (n === answered) follower.adopt('s', snapshot);
				const word = words[n];
				if (word === undefined) continue;
				leader.note('s', 2, text(2 + n, word));
				follower.note('s', 2, text(2 + n, word));
			}
			expect(textOf(follower.of('s')), `asked ${asked}, answered ${answered}`).toBe(words.join(''));
		}
	}
});

test('an answer about a step that is over by then changes nothing', () => {
	const steps = createLiveSteps();
	steps.expect('s');
	steps.note('s', 1, start(7));
	steps.note('s', 1, text(8, 'next'));
	const old = { at: 0, start: start(1), events: [text(2, 'old')], seq: 2 } as LiveStep;
	expect(textOf(steps.adopt('s', old))).toBe('next');
	steps.note('s', 1, { type: 'turn-end', turnId: 't', seq: 9 } as LoopEvent);
	expect(steps.adopt('s', old)).toBeNull();
});
