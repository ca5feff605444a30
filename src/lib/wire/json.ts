/** A JSON value: what calls take and give, and what providers add that we keep verbatim. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export interface JsonObject {
	readonly [key: string]: Json;
}

export function isJsonObject(value: unknown): value is JsonObject {
	return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** `JSON.parse` that answers `undefined` instead of throwing. */
export function parseJson(text: string): Json | undefined {
	try {
		// What JSON.parse gives is JSON by definition.
		// eslint-disable-next-line @typescript-eslint/consistent-type-assertions
		return JSON.parse(text) as Json;
	} catch {
		return undefined;
	}
}

/**
 * Canonical JSON (RFC 8785 for the values that we hash: keys sorted by UTF-16 code
 * units, no white space). Equal values give equal text, whatever the key order.
 */
export function canonicalJson(value: Json): string {
	if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
	if (isJsonObject(value)) {
		const members = Object.keys(value)
			.filter((key) => value[key] !== undefined)
			.sort()
			.map((key) => `${JSON.stringify(key)}:${canonicalJson(value[key] ?? null)}`);
		return `{${members.join(',')}}`;
	}
	return JSON.stringify(value);
}
