/**
 * The index in the store's `search` table: `piece/{n}` the packed bytes, `manifest` which
 * pieces there are with their checksums, `dirty/{sessionId}` sessions that got entries since.
 * All of it can be made again from the entries: whatever does not fit is answered with null.
 */

import { isJsonObject } from '../../../wire/json';
import type { Store, StoreWrite } from '../../storage/store';
import { ordKey } from '../../storage/store';
import { checksum } from './bytes';
import { dirtyMark } from './dirty-mark';
import type { SavedPiece } from './search-index';

const version = 1;

export interface SavedIndex {
	readonly pieces: readonly SavedPiece[];
	readonly dirty: readonly string[];
}

export class SavedPieces {
	readonly #store: Store;
	readonly #numbers = new WeakMap<Uint8Array, number>();
	readonly #sums = new WeakMap<Uint8Array, number>();
	/** Pieces that are in the store as far as this one knows. */
	#stored = new Set<string>();
	#next = 1;
	/** Of the manifest that was read or written last; 0 where there was none. */
	#revision = 0;

	constructor(store: Store) {
		this.#store = store;
	}

	/** Null where there is none or a piece of it is missing or damaged. */
	async read(): Promise<SavedIndex | null> {
		const rows = await this.#store.range('search', {});
		const byKey = new Map(rows.map(({ key, row }) => [key, row]));
		this.#stored = new Set([...byKey.keys()].filter((key) => key.startsWith('piece/')));
		for (const key of this.#stored) this.#next = Math.max(this.#next, Number(key.slice(6)) + 1);
		const manifest = byKey.get('manifest');
		this.#revision = revisionOf(manifest);
		if (!isJsonObject(manifest) || manifest['v'] !== version || !Array.isArray(manifest['pieces']))
			return null;
		const pieces: SavedPiece[] = [];
		for (const entry of manifest['pieces']) {
			if (!isJsonObject(entry) || typeof entry['n'] !== 'number') return null;
			const row = byKey.get(pieceKey(entry['n']));
			if (typeof row !== 'object' || row === null || !('bytes' in row)) return null;
			const bytes = asBytes(row.bytes);
			if (bytes === null || checksum(bytes) !== entry['sum']) return null;
			this.#numbers.set(bytes, entry['n']);
			this.#sums.set(bytes, checksum(bytes));
			pieces.push({ bytes, dead: 'dead' in entry ? asBytes(entry['dead']) : null });
		}
		const dirty = [...byKey.keys()].filter((key) => key.startsWith('dirty/')).map((key) => key.slice(6));
		return { pieces, dirty };
	}

	/** Whether another worker has saved since. */
	async isStale(): Promise<boolean> {
		return revisionOf(await this.#store.get('search', 'manifest')) !== this.#revision;
	}

	/**
	 * One commit: new pieces in, those that are no longer there and the dirty marks out. `pack` runs
	 * in the same tick as the commit starts, so that no mark made after it can be lost. Throws
	 * `storage/conflict` where another worker has saved since.
	 */
	async write(pack: () => readonly SavedPiece[], epoch: number): Promise<void> {
		const dirty = await this.#store.range('search', { prefix: 'dirty/' });
		const put: StoreWrite[] = [];
		const keep = new Set<string>();
		const pieces = pack();
		const list = pieces.map(({ bytes, dead }) => {
			let n = this.#numbers.get(bytes);
			if (n === undefined) {
				n = this.#next++;
				put.push({ table: 'search', key: pieceKey(n), row: { v: version, bytes } });
				this.#numbers.set(bytes, n);
				this.#sums.set(bytes, checksum(bytes));
			}
			keep.add(pieceKey(n));
			return { n, sum: this.#sums.get(bytes) ?? 0, ...(dead === null ? {} : { dead }) };
		});
		const before = this.#revision;
		const rev = before + 1;
		put.push({ table: 'search', key: 'manifest', row: { v: version, rev, pieces: list } });
		const gone = [...[...this.#stored].filter((key) => !keep.has(key)), ...dirty.map(({ key }) => key)];
		const known = { table: 'search', key: 'manifest' } as const;
		try {
			await this.#store.commit({
				epoch,
				expect: [before === 0 ? { ...known, absent: true } : { ...known, field: 'rev', is: before }],
				put,
				delete: gone.map((key) => ({ table: 'search', key }))
			});
		} catch (thrown) {
			// What was not written has no number.
			for (const { bytes } of pieces)
				if (!this.#stored.has(pieceKey(this.#numbers.get(bytes) ?? 0))) this.#numbers.delete(bytes);
			throw thrown;
		}
		this.#revision = rev;
		this.#stored = keep;
	}

	async markDirty(sessionIds: readonly string[], epoch: number): Promise<void> {
		await this.#store.commit({ epoch, put: sessionIds.map(dirtyMark) });
	}
}

function revisionOf(manifest: unknown): number {
	return isJsonObject(manifest) && typeof manifest['rev'] === 'number' ? manifest['rev'] : 0;
}

function pieceKey(n: number): string {
	return `piece/${ordKey(n, 10)}`;
}

/** Bytes in a buffer of their own. */
function asBytes(value: unknown): Uint8Array<ArrayBuffer> | null {
	if (!(value instanceof Uint8Array)) return null;
	return value.buffer instanceof ArrayBuffer
		? new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
		: value.slice();
}
