/**
 * Which of a few thousand short texts fit a query best: shared words, the rare ones counting
 * more. No index and no model; the full-text search over sessions is another thing.
 */

export interface Ranked<T> {
	readonly item: T;
	/** Part of the query's weight that the text has, 0 to 1. */
	readonly score: number;
}

const fillers = new Set(
	words(
		'a an and are about as at be been but by can could do does did for from had has have how i if in into is it its me my ' +
			'no not of on or our please should so than that the their them then there these they this to was we were what when ' +
			'where which who why will with would you your tell know something anything thing much get use work'
	)
);

/** Words in lower case without accents, plural endings off; scripts without spaces give one word a character. */
export function words(text: string): readonly string[] {
	const plain = text.normalize('NFKD').replaceAll(/\p{M}/gu, '').toLowerCase();
	const found =
		plain.match(/[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]|[\p{L}\p{N}]+/gu) ??
		[];
	return found.map(stem);
}

/** The words that a query is about; all of them, when it has nothing but fillers. */
export function keywords(query: string): readonly string[] {
	const all = [...new Set(words(query))];
	const meaningful = all.filter((word) => !fillers.has(word));
	return meaningful.length > 0 ? meaningful : all;
}

/** Best first; only what shares a word. Ties keep their order. */
export function rank<T>(
	query: string,
	items: readonly T[],
	textOf: (item: T) => string
): readonly Ranked<T>[] {
	const wanted = keywords(query);
	const bags = items.map((item) => new Set(words(textOf(item))));
	const weights = wanted.map(
		(word) => Math.log(1 + items.length / (1 + bags.filter((bag) => bag.has(word)).length)) + 0.1
	);
	const total = weights.reduce((sum, weight) => sum + weight, 0);
	return items
		.map((item, index) => {
			const hit = wanted.reduce(
				(sum, word, place) => sum + (bags[index]?.has(word) === true ? (weights[place] ?? 0) : 0),
				0
			);
			return { item, score: total === 0 ? 0 : hit / total };
		})
		.filter(({ score }) => score > 0)
		.sort((a, b) => b.score - a.score);
}

/** Enough English to let `likes` find `like`; other languages lose nothing but a final s. */
function stem(word: string): string {
	if (word.length > 4 && word.endsWith('ies')) return `${word.slice(0, -3)}y`;
	if (word.length > 5 && word.endsWith('ing')) return word.slice(0, -3);
	if (word.length > 3 && word.endsWith('s') && !word.endsWith('ss')) return word.slice(0, -1);
	return word;
}
