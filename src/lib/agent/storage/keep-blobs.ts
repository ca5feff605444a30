/** The note on a blob that nothing spoke of when it was last looked for; see `sweep-blobs.ts`. */

import type { StoreDelete } from './store';

export function orphanKey(blob: string): string {
	return `orphan/${blob}`;
}

/** Part of every commit that stores these blobs: they are wanted. */
export function keepBlobs(blobs: readonly string[]): readonly StoreDelete[] {
	return blobs.map((blob) => ({ table: 'meta', key: orphanKey(blob) }));
}
