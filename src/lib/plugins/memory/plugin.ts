/** What the user asked to be remembered: saved, recalled, listed and forgotten, all on this device. */

import { isJsonObject, type Json, type JsonObject } from '../../wire/json';
import { definePlugin, type ActionContext, type PreviewContext } from '../plugin';
import { allFacts, factKey, factLines, factText, readFact, type Fact } from './facts';

const maximumFact = 2000;
const maximumLines = 500;
const defaultLimit = 10;

const limit: Json = { type: 'integer', minimum: 1, maximum: 100, description: 'At most so many; default 10' };

/** Facts that go into the result: read again, so that their labels go with them. */
async function shown(facts: readonly Fact[], { storage }: ActionContext): Promise<Json> {
	for (const { id } of facts) await storage.get(factKey(id));
	return facts.map(({ id, text, tags, createdAt }) => ({
		id,
		text,
		tags,
		savedAt: new Date(createdAt).toISOString()
	}));
}

function save(text: string, tags: readonly Json[], { storage, newId, now }: ActionContext): string {
	const id = newId();
	storage.put(factKey(id), { text, tags, createdAt: now });
	return id;
}

function sameText(facts: readonly Fact[], text: string): Fact | undefined {
	return facts.find((fact) => fact.text.toLowerCase() === text.toLowerCase());
}

/** Lines of a text that are not remembered yet. */
function freshLines(facts: readonly Fact[], text: string): readonly string[] {
	const lines = factLines(text).slice(0, maximumLines);
	return lines.filter((line) => line.length <= maximumFact && sameText(facts, line) === undefined);
}

/** Takes back what was saved. */
async function unsave(_captured: Json, output: Json, { storage }: ActionContext): Promise<void> {
	for (const id of idsOf(output, 'saved')) storage.delete(factKey(id));
}

function idsOf(output: Json, member: string): readonly string[] {
	const list = isJsonObject(output) ? output[member] : undefined;
	return Array.isArray(list) ? list.filter((id) => typeof id === 'string') : [];
}

async function toForget(
	{ id, query }: JsonObject,
	{ storage }: Pick<PreviewContext, 'storage'>
): Promise<readonly Fact[]> {
	const facts = await allFacts(storage);
	if (typeof id === 'string') return facts.filter((fact) => fact.id === id);
	if (typeof query !== 'string') return [];
	const { matchingFacts } = await import('./find');
	return matchingFacts(facts, query);
}

function textsOf(output: Json, member: string): readonly string[] {
	const list = isJsonObject(output) ? output[member] : undefined;
	if (!Array.isArray(list)) return [];
	return list.map((fact: unknown) => (isJsonObject(fact) ? String(fact['text']) : String(fact)));
}

function sayFacts(output: Json): string {
	const texts = textsOf(output, 'facts');
	return texts.length === 0 ? 'Nothing is remembered about that.' : texts.join('\n');
}

export default definePlugin({
	id: 'memory',
	title: 'Memory',
	description: 'Remembers what you tell it, on this device.',
	capabilities: ['tools'],
	describeRow(key, value) {
		const fact = readFact(key, value);
		return fact === undefined ? JSON.stringify(value) : factText(fact);
	},
	actions: [
		{
			id: 'memory_remember',
			title: 'Remember',
			description: 'Saves one fact about the user or their work for later sessions.',
			input: {
				type: 'object',
				properties: {
					text: {
						type: 'string',
						description: 'The fact, as one sentence',
						minLength: 1,
						maxLength: maximumFact
					},
					tags: { type: 'array', items: { type: 'string', maxLength: 40 }, maxItems: 10 }
				},
				required: ['text'],
				additionalProperties: false
			},
			effects: ['writeLocal'],
			replay: 'local',
			phrases: ['remember that {text}', 'remember: {text}', 'remember {text}', 'keep in mind that {text}'],
			output: { private: true },
			undo: { label: 'Forget it again', capture: () => Promise.resolve(null), apply: unsave },
			async preview({ text, tags }, { storage }) {
				const fact = { text: String(text).trim(), tags: Array.isArray(tags) ? tags.map(String) : [] };
				const known = sameText(await allFacts(storage), fact.text);
				const before = known === undefined ? '' : factText(known);
				return { before, after: known === undefined ? factText(fact) : before };
			},
			say: (output) =>
				`${isJsonObject(output) && output['isNew'] === false ? 'Already remembered' : 'Remembered'}: ${textsOf(output, 'facts').join('')}`,
			async run({ text, tags }, context) {
				const fact = String(text).trim();
				const known = sameText(await allFacts(context.storage), fact);
				if (known !== undefined) return { isNew: false, saved: [], facts: [fact] };
				return { isNew: true, saved: [save(fact, Array.isArray(tags) ? tags : [], context)], facts: [fact] };
			}
		},
		{
			id: 'memory_recall',
			title: 'Recall',
			description:
				'Finds remembered facts that have to do with a topic. Use it before saying that something is not known.',
			input: {
				type: 'object',
				properties: { query: { type: 'string', minLength: 1, maxLength: 500 }, limit },
				required: ['query'],
				additionalProperties: false
			},
			effects: ['readPrivate'],
			replay: 'pure',
			phrases: ['what do you know about {query}', 'what do you remember about {query}', 'recall {query}'],
			output: { private: true },
			say: sayFacts,
			async run({ query, limit: most }, context) {
				const { findFacts } = await import('./find');
				const found = findFacts(await allFacts(context.storage), String(query));
				return {
					facts: await shown(found.slice(0, typeof most === 'number' ? most : defaultLimit), context),
					found: found.length
				};
			}
		},
		{
			id: 'memory_list',
			title: 'List what is remembered',
			description: 'Lists remembered facts, newest first.',
			input: { type: 'object', properties: { limit }, additionalProperties: false },
			effects: ['readPrivate'],
			replay: 'pure',
			phrases: [
				'what do you remember',
				'what do you know',
				'list what you remember',
				'list my memories',
				'what do you know about me'
			],
			output: { private: true },
			say: (output) =>
				textsOf(output, 'facts').length === 0 ? 'Nothing is remembered yet.' : sayFacts(output),
			async run({ limit: most }, context) {
				const facts = [...(await allFacts(context.storage))].reverse();
				return {
					facts: await shown(facts.slice(0, typeof most === 'number' ? most : 50), context),
					found: facts.length
				};
			}
		},
		{
			id: 'memory_ingest',
			title: 'Remember many',
			description: 'Saves many facts at once, one a line.',
			input: {
				type: 'object',
				properties: {
					text: { type: 'string', description: 'One fact a line', minLength: 1, maxLength: 200_000 }
				},
				required: ['text'],
				additionalProperties: false
			},
			effects: ['writeLocal'],
			replay: 'local',
			phrases: ['remember these: {text}', 'remember all of this: {text}'],
			output: { private: true },
			undo: { label: 'Forget them again', capture: () => Promise.resolve(null), apply: unsave },
			async preview({ text }, { storage }) {
				return { before: '', after: freshLines(await allFacts(storage), String(text)).join('\n') };
			},
			say: (output) => `Remembered ${idsOf(output, 'saved').length} new facts.`,
			async run({ text }, context) {
				const facts = await allFacts(context.storage);
				const saved = freshLines(facts, String(text)).map((line) => save(line, [], context));
				return { saved, lines: factLines(String(text)).slice(0, maximumLines).length };
			}
		},
		{
			id: 'memory_forget',
			title: 'Forget',
			description: 'Forgets the facts that contain every word of a query, or the one with an id.',
			input: {
				type: 'object',
				properties: {
					query: { type: 'string', minLength: 1, maxLength: 500 },
					id: { type: 'string', minLength: 1, maxLength: 64 }
				},
				anyOf: [{ required: ['query'] }, { required: ['id'] }],
				additionalProperties: false
			},
			effects: ['writeLocal'],
			replay: 'local',
			phrases: ['forget about {query}', 'forget that {query}', 'forget {query}'],
			output: { private: true },
			undo: {
				label: 'Remember again',
				capture: async (input, context) => (await toForget(input, context)).map((fact) => ({ ...fact })),
				async apply(captured, _output, { storage }) {
					if (!Array.isArray(captured)) return;
					for (const row of captured) {
						const fact =
							isJsonObject(row) && typeof row['id'] === 'string' ? readFact(row['id'], row) : undefined;
						if (fact !== undefined)
							storage.put(factKey(fact.id), { text: fact.text, tags: fact.tags, createdAt: fact.createdAt });
					}
				}
			},
			async preview(input, context) {
				return { before: (await toForget(input, context)).map(factText).join('\n'), after: '' };
			},
			say: (output) => {
				const texts = textsOf(output, 'forgotten');
				return texts.length === 0
					? 'Nothing that is remembered has these words.'
					: `Forgotten: ${texts.join('; ')}`;
			},
			async run(input, context) {
				const facts = await toForget(input, context);
				const forgotten = await shown(facts, context);
				for (const { id } of facts) context.storage.delete(factKey(id));
				return { forgotten };
			}
		}
	]
});
