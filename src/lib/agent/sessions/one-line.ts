/** The beginning of a text as one line, for labels and previews: made with every commit, so it must cost nothing. */

/** All that is not one plain space already. */
const whiteSpace = /\s{2,}|[^\S ]/g;
const isClean = /^\S+(?: \S+)*$/;

/** Trimmed, white space collapsed; at least `wanted` UTF-16 units long where the text has as many, and then some. */
export function oneLine(text: string, wanted: number): string {
	// Nearly every text begins like this, and then nothing need be replaced.
	const start = text.slice(0, wanted + 1);
	if (isClean.test(start)) return start;
	return text
		.trimStart()
		.slice(0, wanted * 8)
		.trim()
		.replace(whiteSpace, ' ');
}
