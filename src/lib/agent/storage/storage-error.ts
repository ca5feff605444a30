/** What a browser's storage throws, as our errors. Recognised by name: realms differ, names do not. */

import { AppError } from '../../wire/errors';
import { gone } from './rules';

/** The connection was closed, the database was cleared, or there never was one. */
const closedNames = new Set([
	'InvalidStateError',
	'AbortError',
	'NotFoundError',
	'SecurityError',
	'DatabaseClosedError',
	'MissingAPIError',
	'NoSuchDatabaseError'
]);

export function storageError(thrown: unknown): AppError {
	if (thrown instanceof AppError) return thrown;
	const name = causeName(thrown);
	if (name === 'QuotaExceededError') return new AppError('storage/quota-exceeded', { cause: thrown });
	if (closedNames.has(name)) return gone(thrown);
	return new AppError('storage/failed', { cause: thrown, data: { name } });
}

/** Dexie wraps what the browser threw in an error with `inner`. */
function causeName(thrown: unknown): string {
	let current: unknown = thrown;
	for (let depth = 0; depth < 5; depth++) {
		if (typeof current !== 'object' || current === null) break;
		const inner: unknown = 'inner' in current ? current.inner : undefined;
		if (typeof inner !== 'object' || inner === null) break;
		current = inner;
	}
	if (typeof current !== 'object' || current === null || !('name' in current)) return '';
	return String(current.name);
}
