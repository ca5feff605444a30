/**
 * Entries as feed items: what a page draws. Pure; everything that is not in the entry comes
 * from the context. One item for what is said, one for each call, none for a result (it shows
 * in its call). `countItems` in `sessions/tree.ts` must say the same number.
 */

import type { CallPart, Entry, ModelRef, Part, ResultPart } from '../../wire/entries';
import type { Effect, HeldCall, Reason } from '../../wire/events';
import type { Json } from '../../wire/json';
import type {
	AnswerPart,
	BranchView,
	CallState,
	CallView,
	FeedItem,
	FileView,
	TurnEndView
} from '../../wire/view';
import { isJsonObject } from '../../wire/json';
import { toBlocks } from '../render/markdown';
import { plainText } from '../sessions/fold';

export interface SettledCall {
	readonly entry: Entry;
	readonly part: ResultPart;
}

/** `redoable`: undone, and what it had done is kept. */
export type UndoState = 'open' | 'undone' | 'redoable';

export interface FeedContext {
	readonly result: (answerId: string, callId: string) => SettledCall | undefined;
	readonly held: (answerId: string, callId: string) => HeldCall | undefined;
	/** Whether the call is being run at this moment. */
	readonly isRunning: (answerId: string, callId: string) => boolean;
	readonly undoState: (effectKey: string) => UndoState | undefined;
	readonly branch: (entryId: string) => BranchView | undefined;
	readonly action: (id: string) => { readonly title: string; readonly effects: readonly Effect[] };
	readonly gist: (action: string, args: Json) => string;
	readonly byline: (model: ModelRef) => string;
	readonly turnEnd: (turnId: string) => TurnEndView | undefined;
	/** The last entry of a turn on this branch. */
	readonly isTurnTail: (entry: Entry) => boolean;
}

export const payloadLimit = 4_000;

/** The items of one entry, the first at `ord`. */
export function itemsOf(entry: Entry, ord: number, context: FeedContext): FeedItem[] {
	const branch = context.branch(entry.id);
	const base = {
		entryId: entry.id,
		at: entry.at,
		...(entry.turnId === undefined ? {} : { turnId: entry.turnId })
	};
	const siblings = branch === undefined ? {} : { branch };
	switch (entry.kind) {
		case 'user':
			return closing(entry, context, [
				{
					...base,
					...siblings,
					key: entry.id,
					ord,
					type: 'you',
					text: plainText(entry.parts),
					files: filesOf(entry),
					...(entry.author.principal === 'user' ? {} : { by: entry.author.principal })
				}
			]);
		case 'summary':
		case 'note':
			return [
				{
					...base,
					...siblings,
					key: entry.id,
					ord,
					type: entry.kind,
					blocks: toBlocks(plainText(entry.parts))
				}
			];
		case 'result':
			return [];
		case 'assistant':
			return closing(entry, context, answerItems(entry, ord, context, base, siblings));
	}
}

function answerItems(
	entry: Entry,
	ord: number,
	context: FeedContext,
	base: { entryId: string; at: number; turnId?: string },
	siblings: { branch?: BranchView }
): FeedItem[] {
	const calls = entry.parts.filter((part) => part.type === 'call');
	const parts = joinTexts(entry.parts).flatMap(answerPart);
	const { response } = entry;
	const items: FeedItem[] = [];
	if (parts.length > 0 || calls.length === 0) {
		const model = response?.model ?? { provider: 'unknown', model: 'unknown' };
		items.push({
			...base,
			...siblings,
			key: entry.id,
			ord,
			type: 'wherry',
			model,
			byline: context.byline(model),
			parts,
			isBusy: false,
			...(response === undefined ? {} : { stop: response.stop }),
			...(response?.error === undefined ? {} : { error: response.error }),
			...(response?.attempts === undefined ? {} : { attempts: response.attempts }),
			...(wantsModel(entry) && entry.parentId !== null ? { connect: { userEntryId: entry.parentId } } : {}),
			...formOf(entry),
			...(entry.labels.integrity === 'untrusted' ? { isUntrusted: true } : {})
		});
	}
	for (const part of calls) {
		items.push({
			...base,
			// One switcher an answer, on the first of its articles.
			...(items.length === 0 ? siblings : {}),
			key: callKey(entry.id, part.callId),
			ord: ord + items.length,
			type: 'call',
			call: callView(entry.id, part, context)
		});
	}
	return items;
}

export function callKey(entryId: string, callId: string): string {
	return `${entryId}:${callId}`;
}

export function callView(entryId: string, part: CallPart, context: FeedContext): CallView {
	const settled = context.result(entryId, part.callId);
	const held = settled === undefined ? context.held(entryId, part.callId) : undefined;
	const about = context.action(part.action);
	const args = pretty(part.badArgs ?? part.args);
	const output = settled === undefined ? '' : pretty(settled.part.output);
	const key = settled?.part.effectKey;
	const undoState = key === undefined ? undefined : context.undoState(key);
	const reasons: readonly Reason[] = held?.reasons ?? [];
	return {
		callId: part.callId,
		action: part.action,
		title: about.title,
		gist: context.gist(part.action, part.args),
		state: callState(settled, held, context.isRunning(entryId, part.callId), undoState),
		argsText: args.slice(0, payloadLimit),
		outputText: output.slice(0, payloadLimit),
		isCut: args.length > payloadLimit || output.length > payloadLimit,
		effects: held?.effects ?? about.effects,
		reasons,
		sources: settled?.entry.labels.integrity === 'untrusted' ? settled.entry.labels.sources : [],
		...(settled === undefined
			? {}
			: { startedAt: settled.part.startedAt, durationMs: settled.part.durationMs }),
		...(settled?.part.error === undefined ? {} : { error: settled.part.error }),
		...(held === undefined ? {} : { held }),
		...(key !== undefined && (undoState === 'open' || undoState === 'redoable')
			? {
					[undoState === 'open' ? 'undo' : 'redo']: {
						effectKey: key,
						label: settled?.part.undo?.label ?? ''
					}
				}
			: {})
	};
}

function callState(
	settled: SettledCall | undefined,
	held: HeldCall | undefined,
	isRunning: boolean,
	undoState: UndoState | undefined
): CallState {
	if (settled !== undefined)
		return undoState === undefined || undoState === 'open' ? settled.part.status : 'undone';
	if (held !== undefined) return 'held';
	return isRunning ? 'running' : 'not-run';
}

/** Providers split a paragraph where a citation or a signature begins: neighbouring texts are one. */
function joinTexts(parts: Entry['parts']): Entry['parts'] {
	const joined: Part[] = [];
	for (const part of parts) {
		const last = joined.at(-1);
		if (part.type !== 'text' || last?.type !== 'text') {
			joined.push(part);
			continue;
		}
		const citations = [...(last.citations ?? []), ...(part.citations ?? [])];
		joined[joined.length - 1] = {
			type: 'text',
			text: last.text + part.text,
			...(citations.length === 0 ? {} : { citations })
		};
	}
	return joined;
}

function answerPart(part: Entry['parts'][number]): AnswerPart[] {
	switch (part.type) {
		case 'text':
			return [
				{
					type: 'text',
					blocks: toBlocks(part.text),
					...(part.citations === undefined
						? {}
						: { citations: part.citations.filter(({ url }) => isWebAddress(url)) })
				}
			];
		case 'reasoning':
			return part.text === '' ? [] : [{ type: 'reasoning', blocks: toBlocks(part.text) }];
		case 'refusal':
			return [{ type: 'refusal', text: part.text }];
		case 'provider':
			return [{ type: 'provider', provider: part.provider, gist: part.gist }];
		case 'call':
		case 'result':
		case 'file':
			return [];
	}
}

/** Citations come from outside: only web addresses become links. */
function isWebAddress(address: string): boolean {
	return URL.canParse(address) && /^https?:$/.test(new URL(address).protocol);
}

function closing(entry: Entry, context: FeedContext, items: FeedItem[]): FeedItem[] {
	if (entry.turnId === undefined || !context.isTurnTail(entry)) return items;
	const turnEnd = context.turnEnd(entry.turnId);
	const last = items.at(-1);
	if (turnEnd === undefined || last === undefined) return items;
	return [...items.slice(0, -1), { ...last, turnEnd }];
}

function filesOf(entry: Entry): FileView[] {
	return entry.parts.flatMap((part) =>
		part.type === 'file'
			? [{ blob: part.blob, name: part.name, mediaType: part.mediaType, size: part.size }]
			: []
	);
}

function wantsModel(entry: Entry): boolean {
	const rehearsal = entry.response?.extras?.['rehearsal'];
	return isJsonObject(rehearsal) && rehearsal['connect'] === true;
}

function formOf(entry: Entry): Pick<Extract<FeedItem, { type: 'wherry' }>, 'form'> {
	const rehearsal = entry.response?.extras?.['rehearsal'];
	const form = isJsonObject(rehearsal) ? rehearsal['form'] : undefined;
	if (!isJsonObject(form) || typeof form['action'] !== 'string' || !isJsonObject(form['args'])) return {};
	return { form: { action: form['action'], args: form['args'] } };
}

function pretty(value: Json): string {
	if (typeof value === 'string') return value;
	return value === null ? '' : JSON.stringify(value, null, 2);
}
