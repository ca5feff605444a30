/**
 * What is kept of one share, and who may have it: a pure state machine over a synchronous store. It sees
 * sealed bytes and hashes of tokens; it could not read a share if it wanted to.
 */

import type { NewShare, ShareState } from '../../wire/share-api';
import { isSame, pieceBytes, type Pieces } from '../sealed/pieces';

export interface ShareMeta {
	readonly shareId: string;
	readonly readHash: string;
	readonly ownerHash: string;
	/** Which counter of an address it counts for; empty for none. */
	readonly counter: string;
	readonly createdAt: number;
	readonly expiresAt: number;
	readonly size: number;
	readonly opens: number;
	/** Revoked or taken down: nothing else of it is left, and its id stays used until it would have expired. */
	readonly isGone?: true;
}

/** A Durable Object's SQLite, or memory. */
export interface ShareStore {
	meta(): ShareMeta | undefined;
	setMeta(meta: ShareMeta): void;
	readonly pieces: Pieces;
}

const dayMs = 24 * 60 * 60 * 1000;

export interface ShareRecord {
	/** Undefined where the id is taken. */
	create(asked: NewShare & { counter: string }, sealed: Uint8Array<ArrayBuffer>): ShareState | undefined;
	/** Counts an opening; undefined for whoever may not read, or where there is nothing. */
	open(
		tokenHash: string
	): { readonly size: number; piece(index: number): Uint8Array<ArrayBuffer> | undefined } | undefined;
	state(tokenHash: string): ShareState | undefined;
	/** Answers which counter it counted for. `isOperator`: no token of the share is needed. */
	revoke(tokenHash: string, isOperator: boolean): { readonly counter: string } | undefined;
	/** Another base under the same link; false for whoever is not the owner. */
	replace(tokenHash: string, sealed: Uint8Array<ArrayBuffer>): boolean;
	/** Who holds this token; undefined for anybody else, or where there is nothing. */
	roleOf(tokenHash: string): 'owner' | 'reader' | undefined;
	/** Whether it is there, and counts for this counter. */
	isCountedBy(counter: string): boolean;
	/** When to look again; undefined where everything may be forgotten. */
	expire(): number | undefined;
}

export function createShareRecord(store: ShareStore, now: () => number): ShareRecord {
	/** Undefined for what is gone or over, even before the alarm. */
	function living(): ShareMeta | undefined {
		const meta = store.meta();
		return meta === undefined || meta.isGone === true || now() >= meta.expiresAt ? undefined : meta;
	}
	function ownedBy(tokenHash: string): ShareMeta | undefined {
		const meta = living();
		return meta !== undefined && isSame(meta.ownerHash, tokenHash) ? meta : undefined;
	}
	function addPieces(sealed: Uint8Array<ArrayBuffer>): void {
		for (let at = 0; at < sealed.length; at += pieceBytes)
			store.pieces.add(sealed.slice(at, at + pieceBytes));
	}
	return {
		create({ shareId, readHash, ownerHash, days, counter }, sealed) {
			if (store.meta() !== undefined) return undefined;
			const createdAt = now();
			addPieces(sealed);
			const meta: ShareMeta = {
				shareId,
				readHash,
				ownerHash,
				counter,
				createdAt,
				expiresAt: createdAt + days * dayMs,
				size: sealed.length,
				opens: 0
			};
			store.setMeta(meta);
			return stateOf(meta);
		},
		open(tokenHash) {
			const meta = living();
			if (meta === undefined || !isSame(meta.readHash, tokenHash)) return undefined;
			store.setMeta({ ...meta, opens: meta.opens + 1 });
			return { size: meta.size, piece: (index) => store.pieces.piece(index) };
		},
		state(tokenHash) {
			const meta = ownedBy(tokenHash);
			return meta === undefined ? undefined : stateOf(meta);
		},
		revoke(tokenHash, isOperator) {
			const meta = isOperator ? living() : ownedBy(tokenHash);
			if (meta === undefined) return undefined;
			store.pieces.drop();
			store.setMeta({ ...meta, readHash: '', ownerHash: '', size: 0, isGone: true });
			return { counter: meta.counter };
		},
		replace(tokenHash, sealed) {
			const meta = ownedBy(tokenHash);
			if (meta === undefined) return false;
			store.pieces.drop();
			addPieces(sealed);
			store.setMeta({ ...meta, size: sealed.length });
			return true;
		},
		roleOf(tokenHash) {
			const meta = living();
			if (meta === undefined) return undefined;
			if (isSame(meta.ownerHash, tokenHash)) return 'owner';
			return isSame(meta.readHash, tokenHash) ? 'reader' : undefined;
		},
		isCountedBy: (counter) => living()?.counter === counter,
		expire() {
			const meta = store.meta();
			if (meta === undefined || now() >= meta.expiresAt) return undefined;
			return meta.expiresAt;
		}
	};
}

function stateOf({ shareId, createdAt, expiresAt, size, opens }: ShareMeta): ShareState {
	return { shareId, createdAt, expiresAt, size, opens };
}
