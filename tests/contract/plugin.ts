/**
 * What every plugin must do, whatever it is for. A plugin's own test calls this with one
 * example input per action, and then only says what is special about it.
 */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRehearsal, rehearsalModel } from '../../src/lib/agent/rehearsal/rehearsal';
import type { CatalogOptions } from '../../src/lib/agent/skills/catalog';
import { checkPlugin, inputFields } from '../../src/lib/agent/skills/definition';
import { validate } from '../../src/lib/agent/skills/schema';
import type { HostService, HostServices, PluginDefinition } from '../../src/lib/plugins/plugin';
import { isErrorId } from '../../src/lib/wire/errors';
import type { Json, JsonObject } from '../../src/lib/wire/json';
import { createHastyClock, createSkillsWorld, type SkillsWorld } from '../fakes/skills-world';
import { seeded } from './random';

export interface PluginExpectations {
	/** One input per action that must succeed in the prepared world. */
	readonly examples: { readonly [action: string]: JsonObject };
	/** What the examples need to be there. */
	readonly prepare?: (world: SkillsWorld) => Promise<void>;
	/** The network and the host services that the examples need; default none, and a catalog. */
	readonly ports?: Partial<Pick<CatalogOptions, 'fetch' | 'host' | 'hasSecret' | 'sign'>>;
}

const outcomeStatus = ['ok', 'error'];

export function testPlugin(
	plugin: PluginDefinition,
	{ examples, prepare, ports = {} }: PluginExpectations
): void {
	const open = async (more: Partial<CatalogOptions> = {}): Promise<SkillsWorld> => {
		const world = await createSkillsWorld([plugin], { hasSecret: () => true, ...ports, ...more });
		await prepare?.(world);
		return world;
	};
	const cases = plugin.actions.map((action) => ({
		action,
		id: action.id,
		example: examples[action.id] ?? {}
	}));

	describe(`the plugin ${plugin.id} keeps the contract`, () => {
		it('OT-06 is well-formed, and has an example for every action', () => {
			expect(checkPlugin(plugin)).toEqual([]);
			expect(Object.keys(examples).sort()).toEqual(plugin.actions.map(({ id }) => id).sort());
			for (const { action, example } of cases) expect(validate(action.input, example), action.id).toEqual([]);
		});

		it.each(cases)('$id runs its example and can be told in words', async ({ id, example }) => {
			const world = await open();
			const outcome = await world.run(id, example);
			expect(outcome).toMatchObject({ status: 'ok' });
			expect(world.catalog.gist(id, example).length).toBeLessThanOrEqual(80);
			expect(world.catalog.say(id, outcome.output, example) ?? 'nothing').not.toBe('');
			if (outcome.writes.length + outcome.deletes.length > 0)
				expect(world.catalog.facts(id)?.effects).toContain('writeLocal');
		});

		it.each(cases.filter(({ action }) => action.replay === 'pure'))(
			'$id, being pure, changes nothing and says the same again',
			async ({ id, example }) => {
				const world = await open();
				const first = await world.run(id, example);
				expect([first.writes, first.deletes]).toEqual([[], []]);
				expect((await world.run(id, example)).output).toEqual(first.output);
			}
		);

		it.each(cases.filter(({ action }) => action.undo !== undefined))(
			'$id is undone without a trace',
			async ({ id, example }) => {
				for (const times of [1, 2]) {
					const world = await open();
					for (let before = 1; before < times; before++) await world.run(id, example, { untrusted: true });
					const rows = await world.rows();
					const outcome = await world.run(id, example);
					expect(outcome.undo?.label).toMatch(/./);
					await world.undo(id, outcome);
					expect(await world.rows()).toBe(rows);
				}
			}
		);

		it.each(cases.filter(({ action }) => action.preview !== undefined))(
			'$id says beforehand what it would change, and changes nothing by saying so',
			async ({ id, example }) => {
				const world = await open();
				const rows = await world.rows();
				const told = await world.catalog.preview(id, example);
				expect(told).toBeDefined();
				expect(told?.before).not.toBe(told?.after);
				expect(await world.rows()).toBe(rows);
				await world.run(id, example);
				// Done, and told once more: what would be is what is.
				const again = await world.catalog.preview(id, example);
				expect(again?.before === told?.after || again?.before === again?.after).toBe(true);
			}
		);

		it.each(cases)('$id takes anything without throwing', async ({ action, id, example }) => {
			const world = await open();
			await fc.assert(
				fc.asyncProperty(hostileInput(action.input, example), async (input) => {
					const { status, error } = await world.run(id, input);
					expect(outcomeStatus).toContain(status);
					if (error !== undefined) expect(isErrorId(error.id)).toBe(true);
					world.catalog.gist(id, input);
					world.catalog.destinations(id, input);
					world.catalog.say(id, input, input);
				}),
				{ numRuns: 40, seed: seeded(`plugin ${id}`).seed }
			);
		});

		it.each(cases)('$id stops when it is stopped', async ({ id, example }) => {
			const world = await open();
			const stop = new AbortController();
			const running = world.run(id, example, { signal: stop.signal });
			stop.abort();
			expect((await running).error?.id).toBe('skill/stopped');
		});

		it.each(cases)('$id ends although everything it needs hangs', async ({ id, example }) => {
			const prepared = await open();
			const hung = await createSkillsWorld([plugin], {
				hasSecret: () => true,
				store: prepared.store,
				clock: createHastyClock(50),
				fetch: () => never(),
				host: hangingHost(plugin)
			});
			expect(outcomeStatus).toContain((await hung.run(id, example)).status);
		});

		it('OT-41 says what is missing where its needs are', async () => {
			const alone = await createSkillsWorld([plugin], { host: {}, hasSecret: () => false });
			const needs = plugin.needs?.filter((service) => service !== 'catalog') ?? [];
			const isMissing = needs.length > 0 || plugin.secrets?.some(({ required }) => required) === true;
			for (const card of alone.catalog.list()) {
				if (isMissing) expect(card.unavailable).toMatch(/^It needs .*\.$/);
				else expect(card.unavailable).toBeUndefined();
			}
		});

		const phrases = cases.flatMap(({ action, id }) =>
			(action.phrases ?? []).map((phrase) => ({ id, phrase, action }))
		);
		if (phrases.length > 0)
			it('its phrases say everything that its actions require', async () => {
				const world = await open();
				const model = createRehearsal({ skills: world.catalog, docs: [] });
				for (const { id, phrase, action } of phrases) {
					const names = [...phrase.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? '');
					const fields = inputFields(action.input);
					expect(
						fields.map(({ name }) => name),
						phrase
					).toEqual(expect.arrayContaining(names));
					expect(names, phrase).toEqual(
						expect.arrayContaining(fields.filter(({ isRequired }) => isRequired).map(({ name }) => name))
					);
					const example = examples[id] ?? {};
					const said = phrase.replaceAll(/\{(\w+)\}/g, (_, name: string) => sample(example[name]));
					const request = {
						model: rehearsalModel,
						system: '',
						messages: [{ role: 'user' as const, parts: [{ type: 'text' as const, text: said }] }],
						tools: [],
						files: new Map()
					};
					const reply = await model.ask(request, {
						signal: new AbortController().signal,
						onEvent: () => undefined,
						requestId: 'r'
					});
					expect(
						reply.parts.map((part) => (part.type === 'call' ? part.action : part.type)),
						said
					).toEqual([id]);
				}
			});
	});
}

function sample(value: Json | undefined): string {
	if (value === undefined) return 'example.com';
	return typeof value === 'string' ? value : JSON.stringify(value);
}

/** Anything at all; the example with members replaced; strings that break careless code. */
function hostileInput(schema: JsonObject, example: JsonObject): fc.Arbitrary<JsonObject> {
	const nasty = fc.constantFrom<Json>(
		'',
		' ',
		'\u0000',
		'\ud800',
		'../../x',
		'__proto__',
		'%00',
		'💥'.repeat(50),
		'x'.repeat(3000),
		-1,
		1e308,
		null,
		[],
		{}
	);
	const value = fc.oneof(nasty, fc.jsonValue().map(asJson));
	const names = [...inputFields(schema).map(({ name }) => name), 'constructor', 'other'];
	const changed = fc
		.dictionary(fc.constantFrom(...names), value)
		.map((members): JsonObject => ({ ...example, ...members }));
	return fc.oneof(changed, fc.dictionary(fc.string(), value));
}

/** fast-check's own JSON type, by way of what JSON is. */
function asJson(value: unknown): Json {
	const copy: Json = JSON.parse(JSON.stringify(value));
	return copy;
}

function never<T>(): Promise<T> {
	return new Promise(() => undefined);
}

function hangingHost({ needs = [] }: PluginDefinition): HostServices {
	const all: Required<Omit<HostServices, 'catalog'>> = {
		sessions: { list: () => never(), search: () => never(), read: () => never() },
		health: { check: () => never() },
		relay: { fetchPage: () => never() }
	};
	const wanted = (service: HostService): boolean =>
		needs.includes(service) || service === 'relay' || service === 'health';
	return {
		...(wanted('sessions') ? { sessions: all.sessions } : {}),
		...(wanted('health') ? { health: all.health } : {}),
		...(wanted('relay') ? { relay: all.relay } : {})
	};
}
