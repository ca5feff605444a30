/**
 * What was on this device before it belonged to a home is told to the others: a commit a session, so that it
 * goes on after a restart where it stood. Records are stamped anew on the way: until now another name of this
 * device stood in them, and two rules for a tie would not converge.
 */

import type { AnyOperation } from '../../wire/operations';
import { readSessionRecord } from '../sessions/read-record';
import { isRecord } from '../sessions/upcast';
import type { Store, StoreWrite } from '../storage/store';
import { asJson } from './as-json';
import { createTelling, tellFiles, type OperationPorts } from './commit-operations';
import { isSynced, registersAt, syncedTables, tableKey } from './registers';
import { storedEntries } from './whole-state';

const birthRow = 'home-birth';

/** In the commit that makes the device a member. */
export const beginBirth: StoreWrite = { table: 'meta', key: birthRow, row: { v: 1, after: '' } };

/**
 * One step: a session, or at the end the rows of the other tables. Answers what it queued, or undefined where
 * everything is told. Nobody else commits meanwhile. `members`: who is known here, and so wrote what its name stands by.
 */
export async function tellOneMore(
	store: Store,
	epoch: number,
	ports: OperationPorts,
	members: ReadonlySet<string>
): Promise<
	{ readonly operations: readonly AnyOperation[]; readonly rewritten: StoreWrite | undefined } | undefined
> {
	const mark = await store.get('meta', birthRow);
	if (!isRecord(mark) || typeof mark.after !== 'string') return undefined;
	const [next] = await store.range('sessions', { from: `${mark.after} `, limit: 1 });
	const telling = createTelling(ports);
	const { dev, lamport } = ports;
	let rewritten: StoreWrite | undefined;
	const put: StoreWrite[] = [];
	if (next === undefined) {
		const known = await registersAt(store);
		for (const table of syncedTables)
			for (const { key, row } of await store.range(table, {})) {
				const name = tableKey(table, key);
				// What the home has set already stands above what this device brings.
				const lam = table === 'settings' ? 0 : lamport.next();
				if (isSynced(table, key) && !known.has(name)) telling.register(name, asJson(row), lam);
			}
	} else {
		put.push({ table: 'meta', key: birthRow, row: { v: 1, after: next.key } });
		const record = readSessionRecord(next.row);
		if (record !== null && !record.temporary) {
			const registers: typeof record.registers = Object.fromEntries(
				Object.entries(record.registers).map(([name, register]) => [
					name,
					members.has(register.dev) ? register : { ...register, dev }
				])
			);
			const stamped = { ...record, registers };
			rewritten = { table: 'sessions', key: next.key, row: stamped };
			put.push(rewritten);
			telling.session(stamped, null);
			for (const row of await storedEntries(store, record.id)) telling.node(row);
		}
	}
	await tellFiles(telling, store);
	const told = telling.told();
	await store.commit({
		epoch,
		...(next === undefined ? { delete: [{ table: 'meta' as const, key: birthRow }] } : {}),
		put: [...put, ...told.put, lamport.write()]
	});
	return { operations: told.operations, rewritten };
}
