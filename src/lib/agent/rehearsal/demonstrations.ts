/**
 * Demonstrations on throwaway data: labelled as such before, in and after what they show. The page
 * runs each in a throwaway session (`ui/state/demonstration.ts`).
 */

import type { PlannedCall } from './plan';

export interface Demonstration {
	/** What a person types, in lower case. */
	readonly names: readonly string[];
	readonly calls: readonly PlannedCall[];
	/** Said after the calls; alone, where there are none. */
	readonly explanation: string;
}

export const demonstrations: readonly Demonstration[] = [
	{
		names: ['demo', 'demo list', 'demonstrations', 'show me a demo', 'show me what you can do'],
		calls: [],
		explanation:
			'Demonstrations, each in a session of its own that you can delete: `demo approval` shows a call that waits for you, `demo undo` one that can be taken back, `demo branching` how a message gets a second version, `demo resume` a turn that survives a reload.'
	},
	{
		names: ['demo approval', 'demo approvals', 'demonstrate approval', 'show me approval'],
		calls: [{ action: 'demo_send_postcard', args: { to: 'Ada', text: 'Greetings from a demonstration' } }],
		explanation:
			'This was a demonstration of approval. A call that sends, spends or cannot be undone waits as a card that shows exactly what would happen, and runs only when you approve it.'
	},
	{
		names: ['demo undo', 'demonstrate undo', 'show me undo'],
		calls: [{ action: 'demo_write_note', args: { text: 'Written by a demonstration' } }],
		explanation:
			'This was a demonstration of undo. **Undo** on the call above takes the note back; **Undo turn** does the same for all calls of a turn.'
	},
	{
		names: ['demo branching', 'demo branches', 'demo branch', 'demonstrate branching', 'show me branching'],
		calls: [],
		explanation:
			'This is a demonstration of branching, and the first version of your message. It is edited for you in a moment, as **Edit** under it would do; this version and its answer are kept.'
	},
	{
		// What the page makes of the message above, so that the fork is a real one.
		names: ['demo branching, second version'],
		calls: [{ action: 'clock', args: {} }],
		explanation:
			'This was a demonstration of branching. Your message was edited, which made a new branch beside the old one: **Previous branch** and **Next branch** under it go between the two, and **Branches** over the transcript shows them as a tree.'
	},
	{
		names: ['demo resume', 'demo resuming', 'demonstrate resuming', 'show me resuming'],
		calls: [{ action: 'demo_count', args: { seconds: 10 } }],
		explanation:
			'This was a demonstration of resuming. Try `demo resume` again and reload the page while it counts: the turn goes on where its journal says, and ends once.'
	}
];
