/**
 * Moves a database of an older version up: copy, upgrade, count again, put back. Loads only when there
 * is something to move, and brings Dexie along, which does the upgrade itself.
 */

import Dexie from 'dexie';
import { AppError } from '../../wire/errors';
import { copyDatabase, countRows, openAsIs, putBackMissing, writeOutcome, type RowCounts } from './backup';
import type { Table } from './store';
import type { DatabaseVersion } from './versions';

export interface Upgrade {
	readonly name: string;
	readonly versions: readonly DatabaseVersion[];
	readonly onBlocked?: (() => void) | undefined;
	/** Only for tests; default: Dexie. */
	readonly run?: () => Promise<void>;
	readonly now?: () => number;
}

/**
 * Resolves once the newer database holds what the older held. Throws `storage/upgrade-lost-rows` where
 * rows are missing that no copy could give back.
 */
export async function upgradeDatabase(upgrade: Upgrade): Promise<void> {
	const { name, run = () => addTables(upgrade), now = Date.now } = upgrade;
	const older = await openAsIs(name);
	const before = await countRows(older);
	const copy = await copyDatabase(older, now()).finally(() => older.close());
	await run();
	const newer = await openAsIs(name);
	try {
		const lost = tablesThatLost(before, await countRows(newer));
		const restored = copy === undefined || lost.length === 0 ? 0 : await putBackMissing(copy, newer);
		const stillLost = restored === 0 ? lost : tablesThatLost(before, await countRows(newer));
		if (copy !== undefined) await writeOutcome(copy, { lost, restored });
		if (stillLost.length > 0)
			throw new AppError('storage/upgrade-lost-rows', { data: { tables: stillLost, copy: copy ?? null } });
	} finally {
		newer.close();
	}
}

/** What comes and goes while another tab works, or is made again from the rest. */
const passing: ReadonlySet<string> = new Set(['streams', 'queue', 'drafts', 'search']);

/** More than half gone: fewer may be another tab that tidied up in between. */
function tablesThatLost(before: RowCounts, after: RowCounts): string[] {
	return [...before]
		.filter(([table, rows]) => !passing.has(table) && (after.get(table) ?? 0) < rows / 2)
		.map(([table]) => table);
}

/** Each version declares the tables it adds; Dexie keeps those of earlier versions. */
async function addTables({ name, versions, onBlocked }: Upgrade): Promise<void> {
	const dexie = new Dexie(name, { chromeTransactionDurability: 'strict', autoOpen: false });
	for (const { version, adds } of versions) {
		const schema: Partial<Record<Table, string>> = {};
		for (const table of adds) schema[table] = '';
		dexie.version(version).stores(schema);
	}
	dexie.on('blocked', () => onBlocked?.());
	try {
		await dexie.open();
	} finally {
		dexie.close();
	}
}
