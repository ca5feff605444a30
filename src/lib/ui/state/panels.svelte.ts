/** Which panel lies over the page. Each is loaded when it is first asked for. */

class Panels {
	/** The turn whose trace is shown; `live` follows the running one. */
	trace = $state<string | null>(null);
	tree = $state(false);
	palette = $state<'all' | 'sessions' | 'models' | null>(null);
	keys = $state(false);
	sessions = $state(false);
	/** The entry up to which is shared. */
	share = $state<{ readonly sessionId: string; readonly entryId: string } | null>(null);
	/** A share link of somebody that is to become a session here. */
	receive = $state<string | null>(null);
	/** A pairing code that came with the address. */
	pair = $state<string | null>(null);
}

export const panels = new Panels();
