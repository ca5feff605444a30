/** Sealed bytes in pieces that fit a row, and out again one by one: an object has 128 MB for all its readers. */

/** A row of SQLite holds 2 MB at most. */
export const pieceBytes = 1024 * 1024;

export interface Pieces {
	add(piece: Uint8Array<ArrayBuffer>): void;
	piece(index: number): Uint8Array<ArrayBuffer> | undefined;
	drop(): void;
}

export function streamPieces(size: number, piece: Pieces['piece']): ReadableStream<Uint8Array> {
	let index = 0;
	return new ReadableStream<Uint8Array>({
		pull(controller) {
			const next = index * pieceBytes < size ? piece(index) : undefined;
			index += 1;
			if (next === undefined) controller.close();
			else controller.enqueue(next);
		}
	});
}

/** Hashes of 43 characters: as long for a near miss as for a far one. */
export function isSame(a: string, b: string): boolean {
	if (a.length !== b.length || a === '') return false;
	let difference = 0;
	for (let at = 0; at < a.length; at++) difference |= a.charCodeAt(at) ^ b.charCodeAt(at);
	return difference === 0;
}
