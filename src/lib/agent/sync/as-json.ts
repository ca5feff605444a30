/** A stored value as the JSON that it is by what wrote it: what cannot be said in JSON is left out. */

import { parseJson, type Json } from '../../wire/json';

export function asJson(value: unknown): Json {
	return parseJson(JSON.stringify(value ?? null)) ?? null;
}
