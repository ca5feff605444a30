/** The keyboard map as a pure machine: one key after the other in, a verb out. */

export type Verb =
	| { readonly do: 'go'; readonly to: 'sessions' | 'providers' | 'skills' | 'settings' }
	| { readonly do: 'help' | 'palette' | 'compose' | 'new' };

export interface Stroke {
	readonly key: string;
	readonly meta: boolean;
	readonly alt: boolean;
	/** True while the person writes in a field: only the palette's chord counts there. */
	readonly isTyping: boolean;
	readonly at: number;
}

const places: Record<string, Extract<Verb, { do: 'go' }>['to']> = {
	s: 'sessions',
	p: 'providers',
	k: 'skills',
	t: 'settings'
};
const sequenceMs = 1_200;

export function createKeyMap(): (stroke: Stroke) => Verb | undefined {
	let goAt = -Infinity;
	return ({ key, meta, alt, isTyping, at }) => {
		if (meta && !alt && key.toLowerCase() === 'k') return { do: 'palette' };
		if (meta || alt || isTyping) {
			goAt = -Infinity;
			return undefined;
		}
		const isSecond = at - goAt < sequenceMs;
		goAt = -Infinity;
		if (isSecond) {
			const to = places[key];
			return to === undefined ? undefined : { do: 'go', to };
		}
		if (key === 'g') goAt = at;
		else if (key === '?') return { do: 'help' };
		else if (key === '/') return { do: 'compose' };
		else if (key === 'n') return { do: 'new' };
		return undefined;
	};
}
