/** What of an entry can be found: what was said, names of files, what calls were given and gave. */

import { isJsonObject } from '../../../wire/json';
import type { IndexedText } from './search-index';

const maximumPayload = 4000;
const maximumText = 200_000;

/** Reads a stored entry of any version; undefined where it is none. */
export function textOfEntry(row: unknown): IndexedText | undefined {
	if (!isJsonObject(row)) return undefined;
	const { id, sessionId, parts, at } = row;
	if (typeof id !== 'string' || id === '' || typeof sessionId !== 'string' || !Array.isArray(parts))
		return undefined;
	const texts: string[] = [];
	for (const part of parts) {
		if (!isJsonObject(part)) continue;
		const { type, text, name, action, args, output, gist } = part;
		if ((type === 'text' || type === 'refusal') && typeof text === 'string') texts.push(text);
		else if (type === 'file' && typeof name === 'string') texts.push(name);
		else if (type === 'call' && typeof action === 'string') texts.push(`${action} ${leaves(args)}`);
		else if (type === 'result') texts.push(leaves(output));
		else if (type === 'provider' && typeof gist === 'string') texts.push(gist);
	}
	const text = texts.join('\n').slice(0, maximumText);
	return { id, sessionId, text, at: typeof at === 'number' ? at : 0 };
}

/** The strings and numbers of a value, outermost first; iterative, since a payload may be any depth. */
function leaves(value: unknown): string {
	const open: unknown[] = [value];
	const texts: string[] = [];
	let length = 0;
	for (let i = 0; i < open.length && i < 2000 && length < maximumPayload; i++) {
		const one = open[i];
		if (typeof one === 'string' || typeof one === 'number') {
			const text = String(one);
			texts.push(text);
			length += text.length + 1;
		} else if (Array.isArray(one)) for (const inner of one.slice(0, 500)) open.push(inner);
		else if (isJsonObject(one)) for (const key of Object.keys(one).slice(0, 500)) open.push(one[key]);
	}
	return texts.join(' ').slice(0, maximumPayload);
}
