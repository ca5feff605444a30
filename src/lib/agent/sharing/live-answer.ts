/** The answer that is being written, as a live share's readers may have it by now. */

import type { LoopEvent } from '../../wire/events';
import type { ShareOptions, SharedItem } from '../../wire/share';
import { toBlocks } from '../render/markdown';
import { safeText } from './live-text';
import { createMask } from './mask';
import type { OwnSecrets } from './own-secrets';
import { bylineOf } from './reading';

export interface LiveAnswer {
	readonly entryId: string;
	/** False where the event says nothing that is shown. */
	note(event: LoopEvent): boolean;
	/** Undefined before its first word. */
	item(options: ShareOptions, own: OwnSecrets): SharedItem | undefined;
}

export function createLiveAnswer(
	{ entryId, model }: Extract<LoopEvent, { type: 'step-start' }>,
	at: number
): LiveAnswer {
	const texts = new Map<string, { readonly kind: 'text' | 'reasoning'; text: string }>();
	const blocks = (kind: 'text' | 'reasoning', own: OwnSecrets) => {
		const safe = [...texts.values()].flatMap((part) =>
			part.kind === kind ? [safeText(part.text, createMask(own))] : []
		);
		return toBlocks(safe.filter((text) => text !== '').join('\n\n'));
	};
	return {
		entryId,
		note(event) {
			if (event.type !== 'text-delta' && event.type !== 'reasoning-delta') return false;
			const kind = event.type === 'text-delta' ? 'text' : 'reasoning';
			const place = `${kind} ${event.index}`;
			const part = texts.get(place) ?? { kind, text: '' };
			part.text += event.delta;
			texts.set(place, part);
			return true;
		},
		item(options, own) {
			if (texts.size === 0) return undefined;
			const reasoning = options.reasoning ? blocks('reasoning', own) : [];
			return { type: 'wherry', byline: bylineOf(model), blocks: blocks('text', own), reasoning, at };
		}
	};
}
