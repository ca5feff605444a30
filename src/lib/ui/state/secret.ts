/** The part of a text that looks most like a key: its longest run without white space. Pure. */
export function secretIn(text: string): string {
	const words = text.split(/[\s"'`=,;]+/);
	return words.reduce((best, word) => (word.length > best.length ? word : best), '');
}
