/**
 * Makes characters that nobody can see visible, so that a text shows all that it carries: Unicode
 * tags, bidirectional embeddings and overrides, runs of zero-width characters and of variation
 * selectors become one marker each. Single joiners, marks and selectors stay, because Persian,
 * Hindi and emoji need them; the flags of England, Scotland and Wales stay too. Knows no Markdown.
 */

/** Stands where something invisible stood. */
export const HIDDEN_MARK = '␣';

const SUSPECT = /[\0\u180E\u200B-\u200F\u202A-\u202E\u2060-\u206F\uFE00-\uFE0F\uFEFF\u{E0000}-\u{E01EF}]/u;

/** Flags written with tags: black flag, `gbeng` | `gbsct` | `gbwls` in tags, cancel tag. */
const FLAGS =
	/\u{1F3F4}\u{E0067}\u{E0062}(?:\u{E0065}\u{E006E}\u{E0067}|\u{E0073}\u{E0063}\u{E0074}|\u{E0077}\u{E006C}\u{E0073})\u{E007F}/gu;

const HIDDEN =
	/[\u{E0000}-\u{E007F}\u202A-\u202E\u2061-\u206F]+|[\u180E\u200B-\u200F\u2060\uFEFF]{2,}|[\uFE00-\uFE0F\u{E0100}-\u{E01EF}]{2,}/gu;

/** Never an assigned character that a text could want: Unicode noncharacters hold the flags' places. */
const FLAG_OPEN = '\uFDD0';
const FLAG_CLOSE = '\uFDD1';

/** The same text, with what was hidden in it marked. Lone zero-width spaces and byte order marks go. */
export function visible(text: string): string {
	if (!SUSPECT.test(text)) return text;
	const flags: string[] = [];
	return text
		.replace(/[\uFDD0\uFDD1]/g, '\uFFFD')
		.replace(/\0/g, '\uFFFD')
		.replace(FLAGS, (flag) => FLAG_OPEN + String(flags.push(flag) - 1) + FLAG_CLOSE)
		.replace(HIDDEN, HIDDEN_MARK)
		.replace(/[\u180E\u200B\u2060\uFEFF]/g, '')
		.replace(/\uFDD0(\d+)\uFDD1/g, (_, at: string) => flags[Number(at)] ?? '');
}
