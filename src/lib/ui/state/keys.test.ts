import { expect, it } from 'vitest';
import type { SkillCard } from '../../wire/commands';
import { createKeyMap } from './keys';
import { completionsOf, pageCommandOf } from './slash';

const stroke = (key: string, more: Partial<{ meta: boolean; isTyping: boolean; at: number }> = {}) => ({
	key,
	meta: false,
	alt: false,
	isTyping: false,
	at: 0,
	...more
});

it('goes to a place on g and its letter', () => {
	const map = createKeyMap();
	expect(map(stroke('g'))).toBeUndefined();
	expect(map(stroke('p', { at: 300 }))).toEqual({ do: 'go', to: 'providers' });
});

it('forgets a g that nothing followed in time', () => {
	const map = createKeyMap();
	map(stroke('g'));
	expect(map(stroke('p', { at: 5_000 }))).toBeUndefined();
});

it('leaves a person who types alone, but for the palette', () => {
	const map = createKeyMap();
	expect(map(stroke('?', { isTyping: true }))).toBeUndefined();
	map(stroke('g', { isTyping: true }));
	expect(map(stroke('s'))).toBeUndefined();
	expect(map(stroke('k', { meta: true, isTyping: true }))).toEqual({ do: 'palette' });
});

const skill = (action: string, more: Partial<SkillCard> = {}): SkillCard => ({
	action,
	title: action,
	description: '',
	plugin: '',
	effects: [],
	replay: 'pure',
	isOn: true,
	input: {},
	...more
});

it('completes a slash word with commands and actions that can run', () => {
	const skills = [
		skill('clock'),
		skill('calculator'),
		skill('compute', { isOn: false }),
		skill('cast', { unavailable: 'no' })
	];
	expect(completionsOf('/c', skills, (name) => name).map((one) => one.name)).toEqual([
		'compact',
		'clock',
		'calculator'
	]);
	expect(completionsOf('/clock now', skills, (name) => name)).toEqual([]);
	expect(completionsOf('what / is', skills, (name) => name)).toEqual([]);
});

it('knows its own commands from messages and actions', () => {
	expect(pageCommandOf('/model sonnet')).toEqual({ command: 'model', rest: 'sonnet' });
	expect(pageCommandOf('/clock')).toBeUndefined();
	expect(pageCommandOf('/modelling')).toBeUndefined();
});
