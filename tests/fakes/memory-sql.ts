/** A Durable Object's `sql` over Node's SQLite. */

import { DatabaseSync } from 'node:sqlite';
import type { SqlStorage } from '../../src/lib/edge/hub/sql';

export function createMemorySql(): SqlStorage {
	const database = new DatabaseSync(':memory:');
	return {
		exec(query, ...bindings) {
			return database
				.prepare(query)
				.all(...bindings)
				.map((row) =>
					Object.fromEntries(
						Object.entries(row).map(([name, value]) => [
							name,
							value instanceof Uint8Array
								? new Uint8Array(value).buffer
								: typeof value === 'bigint'
									? Number(value)
									: value
						])
					)
				);
		}
	};
}
