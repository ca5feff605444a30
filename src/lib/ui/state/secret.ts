/** The part of a text that looks like a key: where the worker says it is, else its longest word. Pure. */

import { isJsonObject, type Json } from '../../wire/json';

export function secretIn(text: string, data: Json | undefined): string {
	if (isJsonObject(data) && typeof data['start'] === 'number' && typeof data['end'] === 'number') {
		return text.slice(data['start'], data['end']);
	}
	const words = text.split(/[\s"'`=,;]+/);
	return words.reduce((best, word) => (word.length > best.length ? word : best), '');
}
