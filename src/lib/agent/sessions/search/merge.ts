/** Makes one piece of two that follow each other; removed documents do not come along. */

import { compareBytes } from './bytes';
import type { Piece } from './piece';
import { PieceBuilder } from './piece-format';
import { Decoded } from './postings';

export function mergePieces(first: Piece, second: Piece): Uint8Array<ArrayBuffer> {
	const builder = new PieceBuilder(first.docCount - first.deadCount + second.docCount - second.deadCount);
	let next = 0;
	const numbers = [first, second].map((piece) => {
		const map = new Int32Array(piece.docCount);
		for (let doc = 0; doc < piece.docCount; doc++) {
			if (piece.isDead(doc)) {
				map[doc] = -1;
				continue;
			}
			map[doc] = next++;
			builder.addDoc(
				piece.idOf(doc),
				piece.sessions[piece.sessionOf(doc)] ?? '',
				piece.timeOf(doc),
				piece.lengthOf(doc)
			);
		}
		return map;
	});
	const [numbersA = new Int32Array(), numbersB = new Int32Array()] = numbers;
	const a = first.cursor();
	const b = second.cursor();
	const read = new Decoded();
	const joined = new Decoded();
	const take = (piece: Piece, at: number, df: number, map: Int32Array): void => {
		piece.read({ at, df, isExact: true }, read);
		grow(joined, read.length);
		for (let i = 0; i < read.length; i++) {
			const doc = map[read.docs[i] ?? 0] ?? -1;
			if (doc < 0) continue;
			joined.docs[joined.length] = doc;
			joined.counts[joined.length++] = read.counts[i] ?? 1;
		}
	};
	let hasA = a.next();
	let hasB = b.next();
	while (hasA || hasB) {
		const order = !hasA ? 1 : !hasB ? -1 : compareBytes(a.term, a.length, b.term, b.length);
		joined.length = 0;
		if (order <= 0) take(first, a.at, a.df, numbersA);
		if (order >= 0) take(second, b.at, b.df, numbersB);
		const from = order <= 0 ? a : b;
		if (joined.length > 0) builder.addTerm(from.term, from.length, joined);
		if (order <= 0) hasA = a.next();
		if (order >= 0) hasB = b.next();
	}
	return builder.finish();
}

/** `reserve` forgets what it holds; here the first piece's part must stay. */
function grow(list: Decoded, more: number): void {
	const { docs, counts, length } = list;
	list.reserve(length + more);
	if (list.docs === docs) return;
	list.docs.set(docs.subarray(0, length));
	list.counts.set(counts.subarray(0, length));
}
