/** Which panel lies over the page. Each is loaded when it is first asked for. */

class Panels {
	/** The turn whose trace is shown; `live` follows the running one. */
	trace = $state<string | null>(null);
	tree = $state(false);
	palette = $state<'all' | 'sessions' | 'models' | null>(null);
	keys = $state(false);
	sessions = $state(false);
}

export const panels = new Panels();
