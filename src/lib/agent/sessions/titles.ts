/**
 * Names of sessions. A short first message is its own title; a longer one is given to a small
 * model (title-prompt.ts), and cut to size where there is none or it says nothing of use.
 */

const maximumTitle = 100;
const shortMessage = 60;

/**
 * Control characters, line breaks, direction overrides and other characters that cannot be seen. The two
 * joiners stay behind a letter or a picture: Persian and Hindi words and families of emoji consist of them.
 */
const unseen =
	/(?:[\p{Cc}\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]|(?<![\p{L}\p{M}\p{Extended_Pictographic}\p{Emoji_Modifier}])[\u200c\u200d])+/gu;

/** One line: no control, no direction, no doubled spaces. */
export function cleanLine(text: string): string {
	return text.replace(unseen, ' ').replace(/\s+/g, ' ').trim();
}

/** The title of a first message that needs no model; undefined where one would do better. */
export function shortTitle(message: string): string | undefined {
	if (message.length > shortMessage * 4) return undefined;
	const line = cleanLine(message);
	return line !== '' && line.length <= shortMessage ? line : undefined;
}

/** At most 100 characters, cut between words, never inside a character. */
export function truncateTitle(text: string): string {
	const line = cleanLine(text.slice(0, 1000));
	if (line.length <= maximumTitle) return line;
	const cut = line.slice(0, maximumTitle - 1);
	const space = cut.lastIndexOf(' ');
	const whole = space > maximumTitle / 2 ? cut.slice(0, space) : cut.replace(/[\ud800-\udbff]$/, '');
	return `${whole.replace(/[\s,.;:–—-]+$/, '')}…`;
}
