/**
 * Text → search terms: lower-cased, diacritics folded, cut at anything that is no letter or
 * digit. Scripts that are written without spaces become overlapping pairs of characters:
 * `Intl.Segmenter` is 30 × slower than a regular expression, and its cuts change with the
 * browser's dictionary, which a stored index would not survive.
 */

const ascii = /^[\x00-\x7f]*$/;
const asciiWord = /[a-z0-9]+/g;
const word = /[\p{L}\p{N}\p{M}]+/gu;
const combining = /[\u0300-\u036f]/g;
const special = /[ßæœøłđðþı]/g;
const specials: Readonly<Record<string, string>> = {
	ß: 'ss',
	æ: 'ae',
	œ: 'oe',
	ø: 'o',
	ł: 'l',
	đ: 'd',
	ð: 'd',
	þ: 'th',
	ı: 'i'
};
const unspaced = /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Thai}\p{sc=Lao}\p{sc=Khmer}\p{sc=Myanmar}]/u;
const unspacedRun =
	/[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Thai}\p{sc=Lao}\p{sc=Khmer}\p{sc=Myanmar}ー々]+|[^\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Thai}\p{sc=Lao}\p{sc=Khmer}\p{sc=Myanmar}ー々]+/gu;

/** A term is cut here: what follows (base64, minified code) nobody types. */
const maximumTerm = 40;
const none: readonly string[] = [];

/** Lower case without diacritics; composed, so that Hangul stays whole. */
export function fold(text: string): string {
	const lower = text.toLowerCase();
	if (ascii.test(lower)) return lower;
	return lower
		.normalize('NFKD')
		.replace(combining, '')
		.normalize('NFC')
		.replace(special, (character) => specials[character] ?? character);
}

/** The terms of a stored text, in order, repetitions included. */
export function tokenize(text: string): readonly string[] {
	return cut(text, true);
}

/** The terms of a query: as `tokenize`, without the single characters that only close a run. */
export function tokenizeQuery(text: string): readonly string[] {
	return cut(text, false);
}

function cut(text: string, isStored: boolean): readonly string[] {
	const folded = fold(text);
	if (ascii.test(folded)) {
		const words = folded.match(asciiWord);
		if (words === null) return none;
		for (let i = 0; i < words.length; i++) {
			const one = words[i] ?? '';
			if (one.length > maximumTerm) words[i] = one.slice(0, maximumTerm);
		}
		return words;
	}
	const words = folded.match(word);
	if (words === null) return none;
	const terms: string[] = [];
	for (const one of words) {
		if (!unspaced.test(one)) terms.push(one.length > maximumTerm ? one.slice(0, maximumTerm) : one);
		else for (const run of one.match(unspacedRun) ?? none) pushRun(run, isStored, terms);
	}
	return terms;
}

function pushRun(run: string, isStored: boolean, terms: string[]): void {
	if (!unspaced.test(run)) {
		terms.push(run.slice(0, maximumTerm));
		return;
	}
	const characters = [...run];
	const last = characters.length - 1;
	for (let i = 0; i < last; i++) terms.push(`${characters[i] ?? ''}${characters[i + 1] ?? ''}`);
	// The last character alone, so that every single one is the beginning of some stored term.
	if (isStored || last === 0) terms.push(characters[last] ?? '');
}

/** True for text of a script without spaces. */
export function isUnspaced(text: string): boolean {
	return unspaced.test(text);
}
