/**
 * What came from other devices and has no place in this store: operations and sections of a newer build,
 * entries that cannot be read, sets and documents that nothing here shows yet. One row, kept and handed on.
 */

import { parseJson } from '../../wire/json';
import type { Store, StoreWrite } from '../storage/store';
import { isRecord } from '../sessions/upcast';
import { createState, type SyncState } from './merge';
import { mergeText, readKept, stateText } from './state-text';

const keptRow = 'sync-kept';

/** Read by this build as far as it can: an update may understand more. */
export async function readKeptState(store: Store): Promise<SyncState> {
	const state = createState();
	const row = await store.get('meta', keptRow);
	if (isRecord(row) && typeof row.text === 'string') mergeText(state, parseJson(row.text));
	readKept(state);
	return state;
}

export function keptWrite(text: string): StoreWrite {
	return { table: 'meta', key: keptRow, row: { v: 1, text } };
}

/** `from` into `kept`, but for what is stored elsewhere. */
export function keepRest(kept: SyncState, from: SyncState): void {
	mergeText(kept, parseJson(stateText({ ...from, nodes: new Map(), registers: new Map() })));
}
