/** Demonstrations on throwaway data: labelled as such before, in and after what they show. */

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
			'Demonstrations, on throwaway data: `demo approval` shows a call that waits for you, `demo undo` one that can be taken back, `demo branching` how a conversation forks, `demo resume` a turn that survives a reload.'
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
			'This is a demonstration of branching, and you are the one who does it: choose **Edit** on your message above, change it to `what time is it`, and send. The old answer is not lost: **Previous branch** and **Next branch** go between the two, and the tree shows both.'
	},
	{
		names: ['demo resume', 'demo resuming', 'demonstrate resuming', 'show me resuming'],
		calls: [{ action: 'demo_count', args: { seconds: 10 } }],
		explanation:
			'This was a demonstration of resuming. Try `demo resume` again and reload the page while it counts: the turn goes on where its journal says, and ends once.'
	}
];
