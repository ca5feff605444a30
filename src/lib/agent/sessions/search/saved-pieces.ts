/**
 * The index in the store's `search` table: `piece/{n}` the packed bytes, `manifest` which
 * pieces there are with their checksums, `dirty/{sessionId}` sessions that got entries since.
 * All of it can be made again from the entries: whatever does not fit is answered with null.
 */

import { isJsonObject } from '../../../wire/json';
import type { Store, StoreDelete, StoreWrite } from '../../storage/store';
import { ordKey } from '../../storage/store';
import { checksum } from './bytes';
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
	#next = 1;

	constructor(store: Store) {
		this.#store = store;
	}

	/** Null where there is none or a piece of it is missing or damaged. */
	async read(): Promise<SavedIndex | null> {
		const rows = await this.#store.range('search', {});
		const byKey = new Map(rows.map(({ key, row }) => [key, row]));
		for (const key of byKey.keys())
			this.#next = Math.max(this.#next, Number(/^piece\/(\d+)$/.exec(key)?.[1] ?? 0) + 1);
		const manifest = byKey.get('manifest');
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

	/**
	 * One commit: new pieces in, those that are no longer there and the dirty marks out. `pack` runs
	 * in the same tick as the commit starts, so that no mark made after it can be lost.
	 */
	async write(pack: () => readonly SavedPiece[], epoch: number): Promise<void> {
		const rows = await this.#store.range('search', {});
		const put: StoreWrite[] = [];
		const keep = new Set(['manifest']);
		const list = pack().map(({ bytes, dead }) => {
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
		put.push({ table: 'search', key: 'manifest', row: { v: version, pieces: list } });
		const gone: StoreDelete[] = rows
			.filter(({ key }) => !keep.has(key))
			.map(({ key }) => ({ table: 'search', key }));
		await this.#store.commit({ epoch, put, delete: gone });
	}

	async markDirty(sessionIds: readonly string[], epoch: number): Promise<void> {
		const put = sessionIds.map((id): StoreWrite => ({
			table: 'search',
			key: `dirty/${id}`,
			row: { v: version }
		}));
		await this.#store.commit({ epoch, put });
	}
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
