/**
 * A state as text that is the same wherever the state is: what devices compare, and what a snapshot holds.
 * And back, merged into whatever the reader already has. A section that this build does not understand is
 * kept as it came, so that an old device's snapshot takes nothing from a new one.
 */

import * as z from 'zod/mini';
import { canonicalJson, type Json } from '../../wire/json';
import { anyOperation, readOperation, type OperationType } from '../../wire/operations';
import { addBlob, addNode, applyOperation, docOf, remove, setOf, setRegister, type SyncState } from './merge';

const json = z.custom<Json>((value) => value !== undefined);
const stamp = { lam: z.number(), dev: z.string() };
const texts = z.array(z.string());

interface Section<Content> {
	readonly schema: z.ZodMiniType<Content>;
	/** Who understands this type understands the section. */
	readonly type?: OperationType;
	readonly merge: (state: SyncState, content: Content, understands?: ReadonlySet<OperationType>) => void;
}

/** Answers whether the content is what the section holds. */
function section<Content>({ schema, type, merge }: Section<Content>) {
	return {
		type,
		read(state: SyncState, content: Json, understands?: ReadonlySet<OperationType>): boolean {
			const read = schema.safeParse(content);
			if (read.success) merge(state, read.data, understands);
			return read.success;
		}
	};
}

const sections = new Map([
	[
		'nodes',
		section({
			schema: z.record(
				z.string(),
				z.object({ ...stamp, session: z.string(), parent: z.nullable(z.string()), content: json })
			),
			type: 'node.add',
			merge(state, rows) {
				for (const [id, row] of Object.entries(rows)) addNode(state, id, row);
			}
		})
	],
	[
		'hidden',
		section({
			schema: texts,
			type: 'node.hide',
			merge(state, ids) {
				for (const id of ids) state.hidden.add(id);
			}
		})
	],
	[
		'registers',
		section({
			schema: z.record(z.string(), z.object({ ...stamp, value: json })),
			type: 'reg.set',
			merge(state, rows) {
				for (const [key, row] of Object.entries(rows)) setRegister(state, key, row);
			}
		})
	],
	[
		'sets',
		section({
			schema: z.record(z.string(), z.object({ added: z.record(z.string(), json), removed: texts })),
			type: 'set.add',
			merge(state, sets) {
				for (const [key, { added, removed }] of Object.entries(sets)) {
					const rows = setOf(state, key);
					for (const tag of removed) remove(rows, tag);
					for (const [tag, value] of Object.entries(added))
						if (!rows.removed.has(tag)) rows.added.set(tag, value);
				}
			}
		})
	],
	[
		'docs',
		section({
			schema: z.record(z.string(), z.record(z.string(), z.string())),
			type: 'doc.update',
			merge(state, docs) {
				for (const [doc, updates] of Object.entries(docs)) {
					const held = docOf(state, doc);
					for (const [opId, update] of Object.entries(updates)) held.set(opId, update);
				}
			}
		})
	],
	[
		'blobs',
		section({
			schema: z.record(z.string(), json),
			type: 'blob.ref',
			merge(state, rows) {
				for (const [hash, row] of Object.entries(rows)) addBlob(state, hash, row);
			}
		})
	],
	[
		'opaque',
		section({
			schema: z.record(z.string(), anyOperation),
			merge(state, kept, understands) {
				for (const value of Object.values(kept)) {
					const operation = readOperation(value);
					if (operation !== undefined) applyOperation(state, operation, understands);
				}
			}
		})
	],
	[
		'foreign',
		section({
			schema: z.array(z.object({ section: z.string(), content: json })),
			merge(state, kept, understands) {
				for (const one of kept) mergeSection(state, one.section, one.content, understands);
			}
		})
	]
]);

/** Canonical: equal states give equal text, in whatever order they came about. */
export function stateText(state: SyncState): string {
	return canonicalJson({
		nodes: record(state.nodes, (row) => ({ ...row })),
		hidden: [...state.hidden].sort(),
		registers: record(state.registers, (row) => ({ ...row })),
		sets: record(state.sets, ({ added, removed }) => ({
			added: record(added, (value) => value),
			removed: [...removed].sort()
		})),
		docs: record(state.docs, (updates) => record(updates, (update) => update)),
		blobs: record(state.blobs, (row) => row),
		opaque: record(state.opaque, ({ hlc, deps, ...op }) => ({ ...op, hlc: [...hlc], deps: [...deps] })),
		foreign: [...state.foreign.keys()].sort().map((text) => ({ ...(state.foreign.get(text) ?? {}) }))
	});
}

function record<Value>(from: ReadonlyMap<string, Value>, row: (value: Value) => Json): Json {
	return Object.fromEntries([...from].map(([key, value]) => [key, row(value)]));
}

const stateSchema = z.record(z.string(), json);

/** Everything that the text holds, into `state`: as if each operation behind it had come. False where it is no state. */
export function mergeText(
	state: SyncState,
	parsed: unknown,
	understands?: ReadonlySet<OperationType>
): boolean {
	const read = stateSchema.safeParse(parsed);
	if (!read.success) return false;
	for (const [name, content] of Object.entries(read.data)) mergeSection(state, name, content, understands);
	return true;
}

function mergeSection(
	state: SyncState,
	name: string,
	content: Json,
	understands?: ReadonlySet<OperationType>
): void {
	const known = sections.get(name);
	const isRead =
		known !== undefined &&
		(known.type === undefined || understands?.has(known.type) !== false) &&
		known.read(state, content, understands);
	if (!isRead) state.foreign.set(`${name} ${canonicalJson(content)}`, { section: name, content });
}

/** After an update of the app: what was kept unread is read, where this build understands it. */
export function readKept(state: SyncState, understands?: ReadonlySet<OperationType>): void {
	const operations = [...state.opaque.values()];
	const foreign = [...state.foreign.values()];
	state.opaque.clear();
	state.foreign.clear();
	for (const { section: name, content } of foreign) mergeSection(state, name, content, understands);
	for (const value of operations) {
		const operation = readOperation(value);
		if (operation !== undefined) applyOperation(state, operation, understands);
	}
}
