/**
 * What participants of a collaborative share write, on its way into the owner's session: signed, in order, once, and
 * not while anything is going on there. It becomes a message of its own author, untrusted. It is put to a model only
 * where the owner has said so when they made the link, and only so often; it decides nothing and runs nothing.
 */

import * as z from 'zod/mini';
import { entryVersion, type Entry } from '../../wire/entries';
import { isJsonObject } from '../../wire/json';
import { openWord, wordText, type LiveKeys, type Word } from '../../wire/share-frames';
import { parseShareLink } from '../../wire/share-link';
import { liveLimits } from '../../wire/share-live';
import { shareVerifier, writeSigner } from '../../wire/share-sign';
import { participant, participantLabels, participantName } from '../policy/participants';
import { visible } from '../render/visible';
import { cleanLine } from '../sessions/titles';
import type { PublisherParts } from './live-publisher';
import { followedBranch, heardKey } from './share-rows';

export interface Inbox {
	receive(place: number, word: Word): void;
	/** The session may be free now. */
	look(): void;
}

/** More than these unanswered wait at the relay, which takes no more than so many either. */
const maximumUnanswered = 20;
/** Turns that participants may start in an hour, where they may ask at all. */
const asksAnHour = 30;
/** Names that a transcript has for somebody else. */
const notTheirs = /^(?:you|wherry|user|system|assistant|agent|)$/i;
const hourMs = 60 * 60 * 1000;
const heardSchema = z.object({ value: z.record(z.string(), z.number()) });

export async function createInbox({
	host,
	turns,
	shareId,
	row,
	live,
	keys,
	epoch,
	took
}: PublisherParts & {
	readonly keys: LiveKeys;
	readonly epoch: number;
	/** Words up to this place are in the session, or are none. */
	readonly took: (place: number) => void;
}): Promise<Inbox> {
	const { sessionId, entryId, mayAsk } = live;
	const writeSeed = parseShareLink(row.link)?.writeSeed;
	const verify =
		writeSeed === undefined ? undefined : shareVerifier((await writeSigner(writeSeed)).publicKey);
	const key = heardKey(shareId);
	const waiting = new Map<number, Word>();
	const asks: number[] = [];
	let last: Promise<void> = Promise.resolve();

	async function heard(): Promise<Readonly<Record<string, number>>> {
		const parsed = heardSchema.safeParse(await host.store.get('settings', key));
		return parsed.success ? parsed.data.value : {};
	}

	/** Undefined for what nobody with the link wrote, or what was here before. */
	async function read(word: Word): Promise<{ name: string; text: string } | undefined> {
		if (verify === undefined || !(await verify(wordText(shareId, word), word.sig))) return undefined;
		const known = await heard();
		if (word.n <= (known[word.from] ?? 0)) return undefined;
		if (known[word.from] === undefined && Object.keys(known).length >= liveLimits.writers) return undefined;
		const said = await openWord(word, shareId, keys.words);
		if (!isJsonObject(said)) return undefined;
		const { name, text } = said;
		if (typeof name !== 'string' || typeof text !== 'string' || text.trim() === '') return undefined;
		if (text.length > liveLimits.message) return undefined;
		const clean = cleanLine(visible(name)).replaceAll(/[[\]]/g, '').slice(0, liveLimits.name);
		return { name: notTheirs.test(clean) ? 'guest' : clean, text: visible(text) };
	}

	async function take(): Promise<void> {
		for (const [place, word] of [...waiting].sort(([a], [b]) => a - b)) {
			if (host.epoch() !== epoch) return;
			const said = await read(word);
			if (said !== undefined && !(await bringIn(word, said))) return;
			waiting.delete(place);
			took(place);
		}
	}

	/** False where it has to wait: a turn is open, too much is unanswered, or the person is on another branch. */
	async function bringIn(word: Word, { name, text }: { name: string; text: string }): Promise<boolean> {
		const id = host.ports.ids.next();
		let isIn = false;
		await turns.whenIdle(sessionId, async () => {
			const branch = followedBranch(await host.repository.load(sessionId), entryId);
			if (branch === undefined || unanswered(branch) >= maximumUnanswered) return;
			const value = { ...(await heard()), [word.from]: word.n };
			const writer = await host.writer(sessionId);
			await writer.commit(({ facts, lam }) => ({
				entries: [
					{
						id,
						sessionId,
						parentId: facts.head,
						v: entryVersion,
						kind: 'user',
						author: { device: host.device.id, principal: participant(name) },
						parts: [{ type: 'text', text }],
						labels: participantLabels,
						lam,
						at: host.ports.clock.now()
					}
				],
				facts: { head: id },
				// In the same commit: what was played again after a crash is known.
				put: [{ table: 'settings', key, row: { v: 1, value } }]
			}));
			isIn = true;
		});
		if (isIn && mayAsk) await ask(id);
		return isIn;
	}

	/** Rehearsal only runs commands, and theirs are nobody's. */
	async function ask(id: string): Promise<void> {
		const now = host.ports.clock.now();
		while ((asks[0] ?? now) < now - hourMs) asks.shift();
		const { facts } = await host.repository.load(sessionId);
		const model = facts.model ?? host.providers.defaultModel();
		if (asks.length >= asksAnHour || model.provider === 'rehearsal') return;
		asks.push(now);
		await turns.answer(sessionId, id, { turnId: host.ports.ids.next(), model, ifIdle: true });
	}

	function look(): void {
		// One that could not be stored now comes again with the next, or after a reload.
		last = last.then(take).catch(() => undefined);
	}
	return {
		receive(place, word) {
			// A relay keeps no more than this: one that brings more is no reason to fill this device's memory.
			if (waiting.size >= liveLimits.waiting) return;
			waiting.set(place, word);
			look();
		},
		look
	};
}

/** Messages of participants since anybody else said something. */
function unanswered(branch: readonly Entry[]): number {
	const end = branch.findLastIndex(({ author }) => participantName(author.principal) === undefined);
	return branch.length - 1 - end;
}
