/**
 * State × operation → state. No clock, no randomness, no order: a grow-only tree, last-writer registers
 * by `(lam, dev)`, observed-remove sets, hiding. Changed in place, because a home holds a hundred thousand
 * operations. Knows no log and no device.
 */

import { canonicalJson, type Json } from '../../wire/json';
import type { AnyOperation, KnownOperation, Operation, OperationType } from '../../wire/operations';

export interface NodeRow {
	readonly session: string;
	readonly parent: string | null;
	readonly content: Json;
	readonly lam: number;
	readonly dev: string;
}
export interface RegisterRow {
	readonly value: Json;
	readonly lam: number;
	readonly dev: string;
}
export interface SetRows {
	readonly added: Map<string, Json>;
	/** Kept: a removal may come before what it removes. */
	readonly removed: Set<string>;
}

export interface SyncState {
	readonly nodes: Map<string, NodeRow>;
	readonly hidden: Set<string>;
	readonly registers: Map<string, RegisterRow>;
	readonly sets: Map<string, SetRows>;
	/** Document → operation id → Yjs update. */
	readonly docs: Map<string, Map<string, string>>;
	readonly blobs: Map<string, Json>;
	/** Of a newer build, by id: kept, handed on, and read once this build understands them. */
	readonly opaque: Map<string, AnyOperation>;
	/** Parts of snapshots that a newer build made, by their text: kept and handed on in the same way. */
	readonly foreign: Map<string, { readonly section: string; readonly content: Json }>;
}

export function createState(): SyncState {
	return {
		nodes: new Map(),
		hidden: new Set(),
		registers: new Map(),
		sets: new Map(),
		docs: new Map(),
		blobs: new Map(),
		opaque: new Map(),
		foreign: new Map()
	};
}

/** All that is in it, out of it. */
export function takeState(state: SyncState): SyncState {
	const { nodes, hidden, registers, sets, docs, blobs, opaque, foreign } = state;
	const taken: SyncState = {
		nodes: new Map(nodes),
		hidden: new Set(hidden),
		registers: new Map(registers),
		sets: new Map(sets),
		docs: new Map(docs),
		blobs: new Map(blobs),
		opaque: new Map(opaque),
		foreign: new Map(foreign)
	};
	for (const part of Object.values(state)) clear(part);
	return taken;
}

function clear(part: { clear(): void }): void {
	part.clear();
}

/** @param understands for a build that knows fewer types; default: everything of this one. */
export function applyOperation(
	state: SyncState,
	operation: Operation,
	understands?: ReadonlySet<OperationType>
): void {
	if (operation.kind === 'opaque' || understands?.has(operation.op.type) === false)
		state.opaque.set(operation.op.opId, operation.op);
	else applyKnown(state, operation.op);
}

function applyKnown(state: SyncState, { opId, dev, lam, ...op }: KnownOperation): void {
	switch (op.type) {
		case 'node.add': {
			const { node, ...rest } = op.body;
			addNode(state, node, { ...rest, lam, dev });
			return;
		}
		case 'node.hide':
			state.hidden.add(op.body.node);
			return;
		case 'reg.set':
			setRegister(state, op.body.key, { value: op.body.value, lam, dev });
			return;
		case 'set.add': {
			const rows = setOf(state, op.body.key);
			if (!rows.removed.has(opId)) rows.added.set(opId, op.body.value);
			return;
		}
		case 'set.remove': {
			const rows = setOf(state, op.body.key);
			for (const tag of op.body.tags) remove(rows, tag);
			return;
		}
		case 'doc.update':
			docOf(state, op.body.doc).set(opId, op.body.update);
			return;
		case 'blob.ref': {
			const { hash, ...rest } = op.body;
			addBlob(state, hash, rest);
		}
	}
}

/** The same node twice is the same node; where a broken device made two of one id, one wins everywhere. */
export function addNode(state: SyncState, id: string, row: NodeRow): void {
	const held = state.nodes.get(id);
	if (held === undefined || precedes(row, held, (one) => one.content)) state.nodes.set(id, row);
}

export function setRegister(state: SyncState, key: string, row: RegisterRow): void {
	const held = state.registers.get(key);
	if (held === undefined || precedes(held, row, (one) => one.value)) state.registers.set(key, row);
}

export function addBlob(state: SyncState, hash: string, row: Json): void {
	const held = state.blobs.get(hash);
	if (held === undefined || canonicalJson(row) < canonicalJson(held)) state.blobs.set(hash, row);
}

export function setOf(state: SyncState, key: string): SetRows {
	let rows = state.sets.get(key);
	if (rows === undefined) state.sets.set(key, (rows = { added: new Map(), removed: new Set() }));
	return rows;
}

export function docOf(state: SyncState, doc: string): Map<string, string> {
	let updates = state.docs.get(doc);
	if (updates === undefined) state.docs.set(doc, (updates = new Map()));
	return updates;
}

export function remove(rows: SetRows, tag: string): void {
	rows.added.delete(tag);
	rows.removed.add(tag);
}

interface Stamped {
	readonly lam: number;
	readonly dev: string;
}

/** By `(lam, dev)`; the same device at the same time twice: by what it says, so that it is one order everywhere. */
export function precedes<Row extends Stamped>(one: Row, other: Row, content: (row: Row) => Json): boolean {
	if (one.lam !== other.lam) return one.lam < other.lam;
	if (one.dev !== other.dev) return one.dev < other.dev;
	return canonicalJson(content(one)) < canonicalJson(content(other));
}
