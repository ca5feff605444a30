/**
 * Everything that this device's store knows, as the state that a snapshot holds. It is made of the rows
 * themselves: there is no second copy of what was said.
 */

import type { Json } from '../../wire/json';
import { readRecords } from '../sessions/list';
import { readSegment } from '../sessions/read-record';
import { isRecord } from '../sessions/upcast';
import type { Store } from '../storage/store';
import { asJson } from './as-json';
import { ownFacts } from './commit-operations';
import { keepRest } from './kept';
import { addNode, createState, setRegister, type SyncState } from './merge';
import { waitingParts } from './operation-parts';
import { registersAt } from './registers';

export async function wholeState(store: Store, kept: SyncState, dev: string): Promise<SyncState> {
	const state = createState();
	for (const [key, row] of await registersAt(store)) setRegister(state, key, row);
	const { records } = await readRecords(store);
	for (const { id, temporary, registers } of records) {
		if (temporary || state.registers.has(`purged/${id}`)) continue;
		for (const [name, register] of Object.entries(registers)) {
			if (ownFacts.has(name)) continue;
			const { value, lam, dev: by } = register;
			setRegister(state, `session/${id}/${name}`, { value: asJson(value), lam, dev: by });
		}
		for (const row of await storedEntries(store, id)) addEntry(state, row, dev);
	}
	for (const [id, row] of kept.nodes) addNode(state, id, row);
	for (const op of await waitingParts(store)) state.opaque.set(op.opId, op);
	keepRest(state, kept);
	return state;
}

/** As they are stored, packed or not: what this build cannot read goes on as it is. */
export async function storedEntries(store: Store, sessionId: string): Promise<readonly unknown[]> {
	const prefix = `${sessionId}/`;
	const single = await store.range('entries', { prefix });
	const packed = await store.range('segments', { prefix });
	return [...packed.flatMap(({ row }) => readSegment(row)?.elements ?? []), ...single.map(({ row }) => row)];
}

function addEntry(state: SyncState, row: unknown, dev: string): void {
	if (!isRecord(row)) return;
	const { id, sessionId: session, parentId, lam } = row;
	if (typeof id !== 'string' || typeof session !== 'string') return;
	const parent = typeof parentId === 'string' ? parentId : null;
	addNode(state, id, {
		session,
		parent,
		content: asJson(row),
		lam: typeof lam === 'number' ? lam : 0,
		// Who wrote it is in its content; a node is the same whoever tells of it.
		dev
	});
}

/** An entry as it is stored, alone or packed. Packed ones of a session are read together, once. */
export function contentFrom(store: Store): (sessionId: string, entryId: string) => Promise<Json | undefined> {
	let packed: { readonly sessionId: string; readonly rows: ReadonlyMap<string, unknown> } | undefined;
	return async (sessionId, entryId) => {
		const row = await store.get('entries', `${sessionId}/${entryId}`);
		if (row !== undefined) return asJson(row);
		if (packed?.sessionId !== sessionId) {
			const segments = await store.range('segments', { prefix: `${sessionId}/` });
			const rows = new Map<string, unknown>();
			for (const { row: segment } of segments)
				for (const element of readSegment(segment)?.elements ?? [])
					if (isRecord(element) && typeof element.id === 'string') rows.set(element.id, element);
			packed = { sessionId, rows };
		}
		const found = packed.rows.get(entryId);
		return found === undefined ? undefined : asJson(found);
	};
}
