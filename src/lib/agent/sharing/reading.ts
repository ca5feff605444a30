/** A redacted branch → the articles of its page, as they are sealed: rendered here, so that the page need not. Pure. */

import type { Entry, Part } from '../../wire/entries';
import type { Json } from '../../wire/json';
import type { SharedFile, SharedItem, SharedReading } from '../../wire/share';
import { participantName } from '../policy/participants';
import { toBlocks } from '../render/markdown';
import { visible } from '../render/visible';
import type { SharedBlob } from './look-into';

const maximumPayload = 100_000;

export interface ReadingParts {
	readonly title: string;
	readonly entries: readonly Entry[];
	readonly blobs: readonly SharedBlob[];
	/** What a call is at that has no result yet. */
	readonly open?: CallState;
}
type CallState = Extract<SharedItem, { type: 'call' }>['state'];

export function readingOf({ title, entries, blobs, open = 'unknown' }: ReadingParts): SharedReading {
	const results = new Map<string, Extract<Part, { type: 'result' }>>();
	for (const entry of entries)
		for (const part of entry.parts) if (part.type === 'result') results.set(part.callId, part);
	const files = new Map(blobs.map((blob) => [blob.sha256, blob]));
	const models = new Set(
		entries.flatMap(({ response }) =>
			response === undefined || response.model.provider === 'rehearsal' ? [] : [bylineOf(response.model)]
		)
	);
	return {
		title: visible(title),
		items: entries.flatMap((entry) => itemsOf(entry, { results, files, open })),
		models: [...models]
	};
}

function itemsOf(
	{ kind, parts, at, response, author }: Entry,
	{
		results,
		files,
		open
	}: {
		readonly results: ReadonlyMap<string, Extract<Part, { type: 'result' }>>;
		readonly files: ReadonlyMap<string, SharedBlob>;
		readonly open: CallState;
	}
): SharedItem[] {
	const text = parts
		.flatMap((part) => (part.type === 'text' || part.type === 'refusal' ? [part.text] : []))
		.join('\n\n');
	if (kind === 'user') {
		const attached = parts.flatMap((part) => (part.type === 'file' ? [fileOf(part, files)] : []));
		const name = participantName(author.principal);
		const by = name === undefined ? {} : { by: visible(name) };
		return [{ type: 'you', text: visible(text), files: attached, at, ...by }];
	}
	if (kind === 'summary' || kind === 'note') return [{ type: 'note', blocks: toBlocks(text), at }];
	if (kind !== 'assistant') return [];
	const reasoning = parts.flatMap((part) => (part.type === 'reasoning' ? [part.text] : [])).join('\n\n');
	const calls = parts.flatMap((part): SharedItem[] => {
		if (part.type !== 'call') return [];
		const result = results.get(part.callId);
		const state = result?.status ?? open;
		const output = result?.error?.message ?? result?.output ?? null;
		return [
			{
				type: 'call',
				action: visible(part.action),
				state,
				args: payload(part.badArgs ?? part.args),
				output: payload(output),
				at
			}
		];
	});
	if (text === '' && reasoning === '') return calls;
	const byline = response === undefined ? '' : bylineOf(response.model);
	return [{ type: 'wherry', byline, blocks: toBlocks(text), reasoning: toBlocks(reasoning), at }, ...calls];
}

export function bylineOf({ provider, model }: { provider: string; model: string }): string {
	return visible(provider === 'rehearsal' ? 'Rehearsal' : `${provider} · ${model}`);
}

/** Nothing, an empty object and what was left out look the same. */
function payload(value: Json): string {
	if (value === null || value === '' || JSON.stringify(value) === '{}') return '';
	const text = typeof value === 'string' ? value : JSON.stringify(value, null, 2);
	return shortened(text);
}

function shortened(text: string): string {
	return visible(text.length > maximumPayload ? `${text.slice(0, maximumPayload)}\n…` : text);
}

function fileOf(
	{ name, size, blob }: Extract<Part, { type: 'file' }>,
	files: ReadonlyMap<string, SharedBlob>
): SharedFile {
	const found = files.get(blob);
	const file = { name: visible(name), size };
	if (found === undefined) return { ...file, how: 'left-out' };
	const { text, src, isUnread } = found;
	return {
		...file,
		...(src === undefined ? {} : { src }),
		...(text === undefined ? {} : { text: shortened(text) }),
		...(isUnread ? { how: 'unread' } : {})
	};
}
