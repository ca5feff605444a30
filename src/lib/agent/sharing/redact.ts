/**
 * A branch as it may leave: what the sharer did not choose is left out, secrets are covered, and nothing says
 * which device, whose ids, what a provider added or what could be undone. Pure.
 */

import { noUsage } from '../../wire/entries';
import type { Entry, Part } from '../../wire/entries';
import type { ShareOptions } from '../../wire/share';
import { participantName } from '../policy/participants';
import { sha256Bytes } from '../policy/hashes';
import type { SharedBlob, SharedFiles } from './look-into';
import { createMask, type Mask } from './mask';

export interface Redacted {
	readonly title: string;
	readonly entries: readonly Entry[];
	readonly masked: number;
}

/** Its first line; what follows is a call and its arguments. */
export const actionFence = /(?:^|\n)[ \t]*(?<marks>`{3,}|~{3,})[ \t]*(?:wherry-|open-think-)?action\b/;
/** Closed, or broken off. */
const actionBlock = new RegExp(
	String.raw`${actionFence.source}(?:[\s\S]*?\n[ \t]*\k<marks>[ \t]*(?=\n|$)|[\s\S]*)`,
	'g'
);

export function redact(
	title: string,
	branch: readonly Entry[],
	options: ShareOptions,
	{ mask = createMask(), files = new Map() }: { readonly mask?: Mask; readonly files?: SharedFiles } = {}
): Redacted {
	const callIds = new Map<string, string>();
	const callId = (id: string): string => {
		const known = callIds.get(id) ?? `c${callIds.size + 1}`;
		callIds.set(id, known);
		return known;
	};
	const entries = branch.map((entry, place): Entry => {
		const said = entry.kind === 'user' ? entry.parts : entry.parts.flatMap((part) => written(part, options));
		const parts = said.flatMap((part) => redactPart(part, { options, mask, files, callId }));
		return {
			id: `e${place + 1}`,
			sessionId: 'shared',
			parentId: place === 0 ? null : `e${place}`,
			v: entry.v,
			kind: entry.kind,
			author: { device: 'shared', principal: writerOf(entry, mask) },
			parts,
			labels: { integrity: 'untrusted', private: false, sources: ['share'] },
			lam: place + 1,
			at: entry.at,
			...(entry.response === undefined
				? {}
				: {
						response: {
							model: entry.response.model,
							stop: entry.response.stop,
							usage: noUsage,
							durationMs: 0
						}
					})
		};
	});
	return { title: mask.text(title), entries, masked: mask.count() };
}

/** Whose name a participant has chosen is theirs to show; nobody else's is said. */
function writerOf({ author: { principal } }: Entry, mask: Mask): string {
	return participantName(principal) === undefined ? 'shared' : mask.text(principal);
}

/**
 * Not by the person. A fence that nobody read as a call, as an answer that broke off leaves one, stayed in its text;
 * a file is shown with messages only.
 */
function written(part: Part, { calls }: ShareOptions): readonly Part[] {
	if (part.type === 'file') return [];
	if (calls === 'full' || (part.type !== 'text' && part.type !== 'reasoning')) return [part];
	return [{ ...part, text: part.text.replaceAll(actionBlock, '') }];
}

interface Means {
	readonly options: ShareOptions;
	readonly mask: Mask;
	readonly files: SharedFiles;
	callId(id: string): string;
}

function redactPart(part: Part, { options, mask, files, callId }: Means): Part[] {
	const isFull = options.calls === 'full';
	switch (part.type) {
		case 'text': {
			const citations = part.citations?.map(({ url, title }) => ({
				url: mask.text(url),
				...(title === undefined ? {} : { title: mask.text(title) })
			}));
			return [
				{ type: 'text', text: mask.text(part.text), ...(citations === undefined ? {} : { citations }) }
			];
		}
		case 'reasoning':
			return options.reasoning && part.text !== '' ? [{ type: 'reasoning', text: mask.text(part.text) }] : [];
		case 'refusal':
			return [{ type: 'refusal', text: mask.text(part.text) }];
		case 'call':
			return [
				{
					type: 'call',
					callId: callId(part.callId),
					action: part.action,
					args: isFull ? mask.json(part.args) : {},
					...(isFull && part.badArgs !== undefined ? { badArgs: mask.text(part.badArgs) } : {}),
					via: part.via
				}
			];
		case 'result': {
			const { status, action, startedAt, durationMs, error } = part;
			const output = isFull ? mask.json(part.output) : null;
			const shown = isFull && error !== undefined;
			return [
				{
					type: 'result',
					callId: callId(part.callId),
					action,
					status,
					output,
					startedAt,
					durationMs,
					...(shown
						? { error: { id: error.id, message: mask.text(error.message), retryable: error.retryable } }
						: {})
				}
			];
		}
		case 'file':
			return options.files ? [withFile(part, files.get(part.blob), mask)] : [];
		case 'provider':
			// A server tool's own record: what it looked for is content like a call's.
			return isFull
				? [{ type: 'provider', provider: part.provider, gist: mask.text(part.gist), raw: null }]
				: [];
	}
}

/** Of one that is left out even the hash of what it holds. */
const nothing = sha256Bytes(new Uint8Array());

function withFile(
	part: Extract<Part, { type: 'file' }>,
	file: SharedBlob | undefined,
	mask: Mask
): Extract<Part, { type: 'file' }> {
	const name = mask.text(part.name);
	if (file === undefined) return { ...part, name, blob: nothing };
	return { ...part, name, blob: file.sha256, mediaType: file.mediaType, size: file.bytes.length };
}
