/** Says in the store that a session got entries which the saved index does not hold yet. */

import type { StoreWrite } from '../../storage/store';

const version = 1;

export function dirtyMark(sessionId: string): StoreWrite {
	return { table: 'search', key: `dirty/${sessionId}`, row: { v: version } };
}
