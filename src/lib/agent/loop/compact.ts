/**
 * Compaction as it happens: asks the turn's model for a summary, or shortens by itself where
 * no model answers, and adds the summary as an entry. Nothing is deleted.
 */

import type { Entry } from '../../wire/entries';
import { entryVersion } from '../../wire/entries';
import { joinLabels, ownLabels } from '../../wire/labels';
import type { ModelRef } from '../../wire/entries';
import type { EntryDraft } from '../journal/turn-journal';
import type { ModelPort } from '../models/protocol';
import type { Clock, Device, Ids } from '../ports';
import { compactionPoint, compactionPrompt, extractiveSummary } from '../sessions/compaction';
import { plainText } from '../sessions/fold';
import type { TurnState } from './turn-state';

const summaryTokens = 1_200;

export interface CompactionPorts {
	readonly models: ModelPort;
	readonly ids: Ids;
	readonly clock: Clock;
	readonly device: Device;
}

/** The summary entry for a branch, or `undefined` where there is nothing to cover. */
export async function summariseBranch(
	branch: readonly Entry[],
	options: {
		readonly sessionId: string;
		readonly model: ModelRef;
		readonly upTo?: string;
		readonly signal: AbortSignal;
	},
	ports: CompactionPorts
): Promise<EntryDraft | undefined> {
	const upTo = compactionPoint(branch, options.upTo);
	if (upTo === undefined) return undefined;
	const covered = branch.slice(0, branch.findIndex((entry) => entry.id === upTo) + 1);
	return {
		id: ports.ids.next(),
		sessionId: options.sessionId,
		v: entryVersion,
		kind: 'summary',
		author: { device: ports.device.id, principal: 'agent' },
		parts: [{ type: 'text', text: await summarise(covered, options, ports) }],
		labels: joinLabels([ownLabels, ...covered.map((entry) => entry.labels)]),
		at: ports.clock.now(),
		covers: { upTo }
	};
}

async function summarise(
	covered: readonly Entry[],
	options: { readonly model: ModelRef; readonly signal: AbortSignal },
	ports: CompactionPorts
): Promise<string> {
	if (ports.models.describe(options.model).isRehearsal) return extractiveSummary(covered);
	const reply = await ports.models.ask(
		{
			model: options.model,
			system: 'You summarise conversations faithfully.',
			messages: [{ role: 'user', parts: [{ type: 'text', text: compactionPrompt(covered) }] }],
			tools: [],
			maxOutputTokens: summaryTokens,
			files: new Map()
		},
		{ signal: options.signal, onEvent: () => undefined, requestId: `compact.${ports.ids.next()}` }
	);
	const text = plainText(reply.parts).trim();
	return reply.stop === 'end' && text !== '' ? text : extractiveSummary(covered);
}

/** Compacts the running turn's branch; false where nothing could be covered. */
export async function compactTurn(state: TurnState): Promise<boolean> {
	const { ports, journal, input } = state;
	const draft = await summariseBranch(
		state.entries,
		{ sessionId: input.sessionId, model: journal.record().model, signal: input.signal },
		ports
	);
	if (draft === undefined) return false;
	state.add(await journal.summarise(draft));
	state.say({
		type: 'notice',
		level: 'info',
		code: 'compacted',
		text: 'The older part of the conversation was summarised for the model. Nothing was deleted.'
	});
	return true;
}
