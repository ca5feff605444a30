/**
 * Tables that the first INSERT makes. An object that was only asked something stays as empty as it was, and an empty
 * one costs nothing and is forgotten: whoever tries random addresses leaves nothing behind.
 */

import type { SqlStorage } from './sql';

/**
 * Until there are tables, every other statement finds no rows, not even that of an aggregate. Not to be used any more
 * once everything was deleted: they would be missing.
 *
 * @param first a table of these whose presence says that they were made
 * @param statements each does nothing where it was done
 */
export function lateTables(sql: SqlStorage, first: string, statements: readonly string[]): SqlStorage {
	let isMade = false;
	function isThere(): boolean {
		return [...sql.exec('SELECT 1 FROM sqlite_master WHERE name = ?', first)].length > 0;
	}
	return {
		exec(query, ...bindings) {
			if (!isMade) {
				if (!query.startsWith('INSERT') && !isThere()) return [];
				// Also where they are: what an older build made may lack what came later.
				for (const statement of statements) sql.exec(statement);
				isMade = true;
			}
			return sql.exec(query, ...bindings);
		}
	};
}
