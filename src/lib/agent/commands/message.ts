/** What a person says, as the entry and the settings that a turn begins with. */

import type { FilePart, ModelRef } from '../../wire/entries';
import { entryVersion } from '../../wire/entries';
import type { EntryDraft } from '../journal/turn-journal';
import { defaultStepLimit, maximumStepLimit } from '../loop/ports';
import type { TurnSettings } from '../loop/ports';
import { messageLabels } from '../policy/user-words';
import type { Host } from './host';
import { rehearsalRef } from './providers';

/** `id` names the entry: the same message sent again is found by it. */
export interface Message {
	readonly id: string;
	readonly text: string;
	readonly files: readonly FilePart[];
}

export function messageDraft(host: Host, sessionId: string, { id, text, files }: Message): EntryDraft {
	return {
		id,
		sessionId,
		v: entryVersion,
		kind: 'user',
		author: { device: host.device.id, principal: 'user' },
		parts: [...(text === '' ? [] : [{ type: 'text' as const, text }]), ...files],
		labels: messageLabels(files),
		at: host.ports.clock.now()
	};
}

/** Those of the session, and the model that the message asks for by being a command. */
export async function turnSettings(
	host: Host,
	sessionId: string,
	{ parts, author }: Pick<EntryDraft, 'parts' | 'author'>,
	model?: ModelRef
): Promise<TurnSettings> {
	const { facts } = await host.repository.load(sessionId);
	return {
		mode: facts.mode,
		model:
			model ?? commandModel(host, parts, author.principal) ?? facts.model ?? host.providers.defaultModel(),
		stepLimit: stepLimit(host),
		effort: facts.effort,
		webSearch: facts.webSearch
	};
}

/** `/{action id} …` is a command, whatever model the session has: rehearsal runs it. Never somebody else's. */
function commandModel(host: Host, [first]: EntryDraft['parts'], by: string): ModelRef | undefined {
	const name =
		first?.type === 'text' && by === 'user' ? /^\s*\/([\w-]+)(?:\s|$)/.exec(first.text)?.[1] : undefined;
	if (name === undefined) return undefined;
	const action = name.toLowerCase().replaceAll('-', '_');
	return host.catalog.facts(action) === undefined ? undefined : rehearsalRef;
}

function stepLimit(host: Host): number {
	const wanted = host.settings.get('turns/steps');
	return typeof wanted === 'number'
		? Math.min(Math.max(1, Math.round(wanted)), maximumStepLimit)
		: defaultStepLimit;
}
