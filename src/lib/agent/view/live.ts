/**
 * The answer that is being written: loop events folded into items that will be replaced by the
 * committed entry. Text is kept as raw deltas until the page is ready for it, then lexed once.
 */

import type { ModelRef } from '../../wire/entries';
import type { LoopEvent } from '../../wire/events';
import type { CallView, FeedItem, Patch } from '../../wire/view';
import type { Block } from '../../wire/blocks';
import { createBlockStream } from '../render/stream';
import { callKey } from './feed';
import type { FeedContext } from './feed';

interface LivePart {
	readonly kind: 'text' | 'reasoning';
	readonly stream: ReturnType<typeof createBlockStream>;
	pending: string;
	frozen: Block[];
	tail: readonly Block[];
}

interface LiveCall {
	readonly callId: string;
	readonly action: string;
	args: string;
	pending: string;
}

export interface LiveAnswer {
	readonly entryId: string;
	readonly turnId: string;
	/** Adds a delta; true where a new item came into being. */
	note(event: LoopEvent): boolean;
	items(ord: number, context: FeedContext): FeedItem[];
	/** Nothing more comes: what was said stays as it is. */
	end(): void;
	/** What came since the last drain, as patches. */
	drain(): Patch[];
}

export function createLiveAnswer(start: {
	entryId: string;
	turnId: string;
	model: ModelRef;
	at: number;
}): LiveAnswer {
	const parts = new Map<number, LivePart>();
	const calls = new Map<string, LiveCall>();
	let isOver = false;
	/** The part that was written to last, unless something else came in between. */
	let latest: LivePart | undefined;

	function addText(kind: LivePart['kind'], index: number, delta: string): boolean {
		const isNew = parts.size === 0;
		let part = parts.get(index);
		// Neighbouring texts are one paragraph, as in the settled answer.
		if (part === undefined && latest?.kind === kind && kind === 'text') {
			part = latest;
			parts.set(index, part);
		}
		if (part === undefined) {
			part = { kind, stream: createBlockStream(), pending: '', frozen: [], tail: [] };
			parts.set(index, part);
		}
		latest = part;
		part.pending += delta;
		return isNew;
	}

	/** Parts in the order they appear, as the item's `parts` index them. */
	function ordered(): LivePart[] {
		return [...new Set([...parts.entries()].sort(([a], [b]) => a - b).map(([, part]) => part))];
	}

	function lex(part: LivePart): readonly Block[] {
		const { frozen, tail } = part.stream.push(part.pending);
		part.pending = '';
		part.frozen.push(...frozen);
		part.tail = tail;
		return frozen;
	}

	return {
		entryId: start.entryId,
		turnId: start.turnId,
		note(event) {
			switch (event.type) {
				case 'text-delta':
					return addText('text', event.index, event.delta);
				case 'reasoning-delta':
					return addText('reasoning', event.index, event.delta);
				case 'call-start':
					latest = undefined;
					calls.set(event.callId, { callId: event.callId, action: event.action, args: '', pending: '' });
					return true;
				case 'call-delta': {
					const live = calls.get(event.callId);
					if (live !== undefined) live.pending += event.delta;
					return false;
				}
				default:
					return false;
			}
		},
		items(ord, context) {
			const base = { entryId: start.entryId, turnId: start.turnId, at: start.at };
			const items: FeedItem[] = [];
			if (parts.size > 0) {
				items.push({
					...base,
					key: start.entryId,
					ord,
					type: 'wherry',
					model: start.model,
					byline: context.byline(start.model),
					parts: ordered().map((part) => {
						if (part.pending !== '') lex(part);
						return { type: part.kind, blocks: [...part.frozen, ...part.tail], open: part.tail.length };
					}),
					isBusy: !isOver
				});
			}
			for (const live of calls.values()) {
				live.args += live.pending;
				live.pending = '';
				items.push({
					...base,
					key: callKey(start.entryId, live.callId),
					ord: ord + items.length,
					type: 'call',
					call: writingCall(live, context)
				});
			}
			return items;
		},
		end() {
			isOver = true;
		},
		drain() {
			const patches: Patch[] = [];
			for (const [index, part] of ordered().entries()) {
				if (part.pending === '') continue;
				const frozen = lex(part);
				patches.push({
					op: 'stream',
					key: start.entryId,
					part: index,
					kind: part.kind,
					frozen,
					tail: part.tail
				});
			}
			for (const live of calls.values()) {
				if (live.pending === '') continue;
				live.args += live.pending;
				patches.push({ op: 'args', key: callKey(start.entryId, live.callId), delta: live.pending });
				live.pending = '';
			}
			return patches;
		}
	};
}

function writingCall(live: LiveCall, context: FeedContext): CallView {
	const about = context.action(live.action);
	return {
		callId: live.callId,
		action: live.action,
		title: about.title,
		gist: '',
		state: 'writing',
		argsText: live.args,
		outputText: '',
		isCut: false,
		effects: about.effects,
		reasons: [],
		sources: []
	};
}
