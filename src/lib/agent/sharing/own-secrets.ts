/** The sharer's own saved keys, known to the letter: whatever their shape, and as an address or JSON writes them. */

export interface Place {
	/** [start, end) in a text. */
	readonly start: number;
	readonly end: number;
}

export interface OwnSecrets {
	in(text: string): readonly Place[];
	/** Up to where of a text none of them can have begun that has not ended. */
	settled(text: string): number;
}

/** A shorter one is a word like others. */
const shortest = 8;

export function createOwnSecrets(keys: readonly string[]): OwnSecrets {
	const forms = [...new Set(keys.filter(({ length }) => length > shortest).flatMap(formsOf))];
	return {
		in: (text) =>
			forms.flatMap((form) => {
				const places: Place[] = [];
				for (let start = text.indexOf(form); start >= 0; start = text.indexOf(form, start + form.length))
					places.push({ start, end: start + form.length });
				return places;
			}),
		settled: (text) =>
			forms.reduce((least, form) => {
				for (let at = Math.max(0, text.length - form.length + 1); at < least; at++)
					if (text[at] === form[0] && form.startsWith(text.slice(at))) return at;
				return least;
			}, text.length)
	};
}

function formsOf(key: string): readonly string[] {
	const inAddress = encodeURIComponent(key);
	const inJson = JSON.stringify(key).slice(1, -1);
	return [
		key,
		inAddress,
		inAddress.replace(/%../g, (escape) => escape.toLowerCase()),
		inJson,
		inJson.replaceAll('/', '\\/')
	];
}
