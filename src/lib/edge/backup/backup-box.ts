/**
 * The backups of one key at a relay: the newest and some older ones, each there whole or not at all. A pure state
 * machine over a synchronous store; it sees sealed bytes and hashes of tokens, and could read no backup if it wanted to.
 */

import { backupLimits, type KeptBackups } from '../../wire/backup-api';
import { isSame, pieceBytes, type Pieces } from '../sealed/pieces';
import { mostKept, retain } from './retention';

export interface BoxMeta {
	readonly v: 1;
	readonly readHash: string;
	readonly writeHash: string;
	/** Newest first. */
	readonly kept: readonly { readonly slot: number; readonly at: number; readonly size: number }[];
	readonly usedAt: number;
}
export interface BoxStore {
	meta(): BoxMeta | undefined;
	setMeta(meta: BoxMeta): void;
	/** Rows of one backup. */
	slot(index: number): Pieces;
}

/** Two may be on their way at once: the one that a lost connection left behind, and the next. */
const slots = mostKept + 2;
const dayMs = 24 * 60 * 60 * 1000;

export interface Incoming {
	/** False once it is more than a backup may be. */
	add(bytes: Uint8Array): boolean;
	/** From now on it counts, and what need not stay goes; `keep` names one that is to. */
	end(keep?: number): KeptBackups;
	/** As if it had never begun. */
	abandon(): void;
}

export interface BackupBox {
	/** `taken`: the address belongs to another key. `busy`: too many at once. */
	begin(hashes: { readonly readHash: string; readonly writeHash: string }): Incoming | 'taken' | 'busy';
	/** Undefined for whoever may not read, or where there is nothing. */
	list(readHash: string): KeptBackups | undefined;
	open(
		readHash: string,
		at: number
	): { readonly size: number; piece(index: number): Uint8Array<ArrayBuffer> | undefined } | undefined;
	/** Bytes of all that is kept. */
	size(): number;
	/** False for whoever may not. Then everything may be forgotten. */
	mayForget(writeHash: string): boolean;
	/** When to look again; undefined where nobody has come for so long that everything is to be forgotten. */
	expire(): number | undefined;
}

export function createBackupBox(store: BoxStore, now: () => number): BackupBox {
	const coming = new Set<number>();
	const shown = (meta: BoxMeta): KeptBackups => meta.kept.map(({ at, size }) => ({ at, size }));

	function readable(readHash: string): BoxMeta | undefined {
		const meta = store.meta();
		if (meta === undefined || !isSame(meta.readHash, readHash)) return undefined;
		const used = { ...meta, usedAt: now() };
		store.setMeta(used);
		return used;
	}

	return {
		begin({ readHash, writeHash }) {
			const before = store.meta();
			if (before !== undefined && !isSame(before.writeHash, writeHash)) return 'taken';
			const held = new Set(before?.kept.map(({ slot }) => slot));
			const free = Array.from({ length: slots }, (_, slot) => slot);
			const slot = free.find((one) => !held.has(one) && !coming.has(one));
			if (slot === undefined) return 'busy';
			coming.add(slot);
			const pieces = store.slot(slot);
			// What a lost connection may have left.
			pieces.drop();
			let size = 0;
			let piece = new Uint8Array(pieceBytes);
			let used = 0;
			return {
				add(bytes) {
					if (size + bytes.length > backupLimits.bytes) return false;
					size += bytes.length;
					for (let at = 0; at < bytes.length;) {
						const part = bytes.subarray(at, at + pieceBytes - used);
						piece.set(part, used);
						used += part.length;
						at += part.length;
						if (used < pieceBytes) continue;
						pieces.add(piece);
						piece = new Uint8Array(pieceBytes);
						used = 0;
					}
					return true;
				},
				end(keep) {
					if (used > 0) pieces.add(piece.slice(0, used));
					coming.delete(slot);
					const current = store.meta();
					// Its name is its time: two in one millisecond are two.
					const at = Math.max(now(), (current?.kept[0]?.at ?? 0) + 1);
					const all = [{ slot, at, size }, ...(current?.kept ?? [])];
					const kept = retain(all, at, keep);
					const meta: BoxMeta = { v: 1, readHash, writeHash, kept, usedAt: now() };
					store.setMeta(meta);
					for (const gone of all) if (!kept.includes(gone)) store.slot(gone.slot).drop();
					return shown(meta);
				},
				abandon() {
					coming.delete(slot);
					pieces.drop();
				}
			};
		},
		list(readHash) {
			const meta = readable(readHash);
			return meta === undefined ? undefined : shown(meta);
		},
		open(readHash, at) {
			const found = readable(readHash)?.kept.find((one) => one.at === at);
			if (found === undefined) return undefined;
			return { size: found.size, piece: (index) => store.slot(found.slot).piece(index) };
		},
		size: () => (store.meta()?.kept ?? []).reduce((sum, { size }) => sum + size, 0),
		mayForget(writeHash) {
			const meta = store.meta();
			return meta !== undefined && isSame(meta.writeHash, writeHash);
		},
		expire() {
			const until = (store.meta()?.usedAt ?? 0) + backupLimits.days * dayMs;
			return until > now() ? until : undefined;
		}
	};
}
