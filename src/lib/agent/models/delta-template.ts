/**
 * Nearly every event of a stream is the one before it with another string inside. Once a frame has been
 * parsed and understood, an event that is the same byte for byte around one string literal means the
 * same, and only that literal has to be read. Measured: 1.5 to 2 times the speed of parsing each event.
 */

/** Where the string literal that starts at `from` (after its opening quote) ends; -1 where it does not. */
export function endOfString(text: string, from: number): number {
	let end = text.indexOf('"', from);
	while (end !== -1 && text.charCodeAt(end - 1) === backslash) {
		let marks = 1;
		while (end - 1 - marks >= from && text.charCodeAt(end - 1 - marks) === backslash) marks++;
		if (marks % 2 === 0) break;
		end = text.indexOf('"', end + 1);
	}
	return end;
}

/** The value of the literal between `from` and `end`. Throws where it is no JSON. */
export function stringBetween(text: string, from: number, end: number): string {
	const mark = text.indexOf('\\', from);
	if (mark === -1 || mark > end) return text.slice(from, end);
	const value: unknown = JSON.parse(text.slice(from - 1, end + 1));
	return typeof value === 'string' ? value : '';
}

const backslash = 92;
const padding = ',"obfuscation":"';
const maximumTemplates = 4;
/** A stream whose frames keep changing (a time, a running number) is not worth looking at any longer. */
const maximumLearned = 16;

interface Template<K> {
	readonly kind: K;
	readonly head: string;
	readonly tail: string;
	/** The frame ends with a random string of random length (OpenAI's padding against traffic analysis). */
	readonly isPadded: boolean;
}

export interface Templates<K> {
	/** True where the event was a known frame; `use` has been called with its string. */
	match(data: string, use: (kind: K, value: string) => void): boolean;
	/** The event has been read in full and did nothing but `kind` with the plain string `value` of field `name`. */
	learn(data: string, kind: K, name: string, value: string): void;
}

export function createTemplates<K>(): Templates<K> {
	let templates: Template<K>[] = [];
	let learned = 0;
	return {
		match: (data, use) => {
			for (const template of templates) {
				const { head, tail } = template;
				// A slice compared is four times as fast as `startsWith` in V8: memory against memory.
				if (data.slice(0, head.length) !== head) continue;
				const end = endOfString(data, head.length);
				const rest = end + 1 + tail.length;
				if (end === -1 || data.slice(end + 1, rest) !== tail) continue;
				if (template.isPadded ? !isPadding(data, rest) : rest !== data.length) continue;
				use(template.kind, stringBetween(data, head.length, end));
				return true;
			}
			return false;
		},
		learn: (data, kind, name, value) => {
			if (++learned > maximumLearned) return;
			const delta = data.indexOf('"delta":');
			const field = `"${name}":"`;
			const at = delta === -1 ? -1 : data.indexOf(field + value + '"', delta);
			// A value that JSON writes with escapes is not found as it is: the next event will be.
			if (at === -1) return;
			const from = at + field.length;
			const tail = data.slice(from + value.length + 1);
			const padAt = tail.indexOf(padding);
			const isPadded = padAt !== -1 && isPadding(tail, padAt);
			const template = {
				kind,
				head: data.slice(0, from),
				tail: isPadded ? tail.slice(0, padAt) : tail,
				isPadded
			};
			templates = [template, ...templates].slice(0, maximumTemplates);
		}
	};
}

function isPadding(text: string, at: number): boolean {
	return (
		text.startsWith(padding, at) &&
		text.endsWith('"}') &&
		text.indexOf('"', at + padding.length) === text.length - 2
	);
}
