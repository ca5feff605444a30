/**
 * The write-ahead record of one turn, in few commits:
 *   T1  the user's entry, the turn, the request             (begin)
 *   T2  the whole response, decisions, intents, approvals   (respond)
 *   –   `started`, only for once, checkable and approved calls
 *   T3  per settled call: result, effect and its writes; the last one also journals the next request (settle)
 *   end joined to T2 where the response made no calls.
 * It knows nothing of models or skills; it turns facts into commits and keeps the turn's row.
 */

import type { Entry, Usage } from '../../wire/entries';
import { addUsage } from '../../wire/entries';
import type { WireError } from '../../wire/errors';
import type { ParkReason, TurnOutcome } from '../../wire/events';
import { sha256Hex } from '../policy/hashes';
import type { Clock } from '../ports';
import { oneLine } from '../sessions/one-line';
import type { SessionChange, SessionWriter, WriteMoment } from '../sessions/writer';
import { ordKey } from '../storage/store';
import type { StoreDelete, StoreWrite } from '../storage/store';
import { journalVersion } from './records';
import type { ApprovalRecord, EffectRecord, StepKind, StepRecord, TurnRecord, UndoRecord } from './records';

/** An entry but for what the commit decides: its parent, and its Lamport time. */
export type EntryDraft = Omit<Entry, 'parentId' | 'lam'>;

export interface TurnEnd {
	readonly outcome: TurnOutcome;
	readonly error?: WireError;
}

export interface Settlement {
	readonly result: EntryDraft;
	readonly effect: EffectRecord;
	readonly undo?: UndoRecord;
	readonly put: readonly StoreWrite[];
	readonly delete: readonly StoreDelete[];
	/** The call was the last open one: the next request is journalled with it. */
	readonly isLast: boolean;
	readonly approval?: ApprovalRecord;
}

export interface TurnJournal {
	readonly record: () => TurnRecord;
	/** T1. `user` is absent where an entry that is there already is answered again. */
	begin(
		user: {
			readonly draft: EntryDraft;
			readonly parentId: string | null;
			readonly alsoDelete: readonly StoreDelete[];
		} | null
	): Promise<readonly Entry[]>;
	/** User entries that steer a running turn, taken from the queue. */
	steer(drafts: readonly EntryDraft[], taken: readonly StoreDelete[]): Promise<readonly Entry[]>;
	/** A summary, as part of this turn's branch. */
	summarise(draft: EntryDraft): Promise<readonly Entry[]>;
	/** T2. */
	respond(response: {
		readonly answer: EntryDraft;
		readonly results: readonly EntryDraft[];
		readonly effects: readonly EffectRecord[];
		readonly approvals: readonly ApprovalRecord[];
		readonly usage: Usage;
		readonly streamRows: readonly StoreDelete[];
		readonly end?: TurnEnd;
	}): Promise<readonly Entry[]>;
	started(effect: EffectRecord, approval?: ApprovalRecord): Promise<void>;
	/** T3. */
	settle(settlement: Settlement): Promise<readonly Entry[]>;
	/** Changes an approval or effect beside the turn: asked again, outcome unknown. */
	hold(effect: EffectRecord, approval: ApprovalRecord): Promise<void>;
	park(reason: ParkReason): Promise<void>;
	resume(): Promise<void>;
	end(end: TurnEnd): Promise<void>;
}

export function createTurnJournal(
	initial: TurnRecord,
	ports: {
		readonly session: SessionWriter;
		readonly clock: Clock;
		readonly epoch: () => number;
		readonly newStreamSecret?: () => string;
	},
	/** The number of the next event, asked for when a commit is built. */
	nextSeq: () => number
): TurnJournal {
	let record = initial;

	/** One commit: steps are chained, the turn's row and the session's head follow the new entries. */
	async function commit(
		build: (moment: WriteMoment) => {
			entries?: readonly Entry[];
			steps: readonly { kind: StepKind; ref: string }[];
			turn?: Partial<TurnRecord>;
			change?: SessionChange;
		}
	): Promise<readonly Entry[]> {
		let written: readonly Entry[] = [];
		await ports.session.commit((moment) => {
			const built = build(moment);
			const entries = built.entries ?? [];
			const rows = chain(record, built.steps, ports.clock.now(), ports.epoch());
			const lastRow = rows.at(-1);
			const tail = entries.at(-1)?.id ?? built.turn?.tail ?? record.tail;
			const after: TurnRecord = {
				...record,
				...built.turn,
				tail,
				seq: nextSeq(),
				nextOrd: record.nextOrd + rows.length,
				lastHash: lastRow?.hash ?? record.lastHash
			};
			written = entries;
			const headMoves = entries.length > 0 || built.turn?.tail !== undefined;
			return {
				...built.change,
				committed: () => {
					record = after;
				},
				entries,
				facts: {
					...(headMoves ? { head: tail, touchedAt: ports.clock.now() } : {}),
					...previewOf(entries),
					...built.change?.facts
				},
				put: [
					{ table: 'turns', key: record.turnId, row: after },
					...rows.map((row) => ({ table: 'steps' as const, key: `${row.turnId}/${ordKey(row.ord)}`, row })),
					...(built.change?.put ?? [])
				]
			};
		});
		return written;
	}

	/** Gives each draft the one before it as its parent, the first one the turn's tail. */
	function link(drafts: readonly EntryDraft[], moment: WriteMoment, parent: string | null): Entry[] {
		let parentId = parent;
		return drafts.map((draft) => {
			const entry: Entry = { ...draft, parentId, lam: moment.lam };
			parentId = entry.id;
			return entry;
		});
	}

	const endOf = (end: TurnEnd): Partial<TurnRecord> => ({
		state: 'ended',
		outcome: end.outcome,
		endedAt: ports.clock.now(),
		...(end.error === undefined ? {} : { error: end.error })
	});
	/** Who knew what the answers until now are sealed with, and is no device of this home any more, reads no other. */
	const nextSecret = (): Partial<TurnRecord> =>
		record.streamSecret === undefined || ports.newStreamSecret === undefined
			? {}
			: { streamSecret: ports.newStreamSecret() };
	const requestStep = (): { kind: StepKind; ref: string } => ({
		kind: 'request',
		ref: String(record.responses)
	});

	return {
		record: () => record,
		begin(user) {
			return commit((moment) => {
				const entries = user === null ? [] : link([user.draft], moment, user.parentId);
				return {
					entries,
					steps: [...entries.map((entry) => ({ kind: 'user' as const, ref: entry.id })), requestStep()],
					turn: { tail: entries[0]?.id ?? record.tail },
					change: user === null ? {} : { delete: user.alsoDelete }
				};
			});
		},
		steer(drafts, taken) {
			return commit((moment) => {
				const entries = link(drafts, moment, record.tail);
				return {
					entries,
					steps: [...entries.map((entry) => ({ kind: 'user' as const, ref: entry.id })), requestStep()],
					change: { delete: taken }
				};
			});
		},
		summarise(draft) {
			return commit((moment) => ({ entries: link([draft], moment, record.tail), steps: [] }));
		},
		respond(response) {
			return commit((moment) => {
				const entries = link([response.answer, ...response.results], moment, record.tail);
				return {
					entries,
					steps: [
						{ kind: 'response', ref: response.answer.id },
						...response.effects.map((effect) => ({ kind: 'intent' as const, ref: effect.effectKey })),
						...response.results.map((result) => ({ kind: 'result' as const, ref: result.id })),
						...(response.end === undefined ? [] : [{ kind: 'end' as const, ref: response.end.outcome }])
					],
					turn: {
						responses: record.responses + 1,
						attempt: 0,
						usage: addUsage(record.usage, response.usage),
						...nextSecret(),
						...(response.end === undefined ? {} : endOf(response.end))
					},
					change: {
						put: [...response.effects.map(effectWrite), ...response.approvals.map(approvalWrite)],
						delete: response.streamRows
					}
				};
			});
		},
		async started(effect, approval) {
			await commit(() => ({
				steps: [{ kind: 'started', ref: effect.effectKey }],
				change: {
					put: [effectWrite(effect), ...(approval === undefined ? [] : [approvalWrite(approval)])],
					...(approval === undefined
						? {}
						: { expect: [{ table: 'approvals', key: approval.approvalId, field: 'state', is: 'approved' }] })
				}
			}));
		},
		settle(settlement) {
			return commit((moment) => {
				const entries = link([settlement.result], moment, record.tail);
				const resultEntryId = settlement.result.id;
				return {
					entries,
					steps: [
						...entries.map((entry) => ({ kind: 'result' as const, ref: entry.id })),
						...(settlement.isLast ? [requestStep()] : [])
					],
					turn: { attempt: 0 },
					change: {
						put: [
							effectWrite({ ...settlement.effect, resultEntryId }),
							...(settlement.undo === undefined ? [] : [undoWrite({ ...settlement.undo, resultEntryId })]),
							...(settlement.approval === undefined ? [] : [approvalWrite(settlement.approval)]),
							...settlement.put
						],
						delete: settlement.delete
					}
				};
			});
		},
		async hold(effect, approval) {
			await commit(() => ({
				steps: [{ kind: 'decision', ref: approval.approvalId }],
				change: { put: [effectWrite(effect), approvalWrite(approval)] }
			}));
		},
		async park(reason) {
			await commit(() => ({ steps: [], turn: { state: 'parked', parkReason: reason } }));
		},
		async resume() {
			// Parked, it may have been read for days; running, its answer may have been asked for already.
			const secret = record.state === 'parked' ? nextSecret() : {};
			await commit(() => ({ steps: [], turn: { state: 'running', ...secret } }));
		},
		async end(end) {
			await commit(() => ({ steps: [{ kind: 'end', ref: end.outcome }], turn: endOf(end) }));
		}
	};
}

/** One link for all rows of a commit: a hash a row was a third of what the loop costs. */
function chain(
	record: TurnRecord,
	steps: readonly { kind: StepKind; ref: string }[],
	at: number,
	epoch: number
): StepRecord[] {
	if (steps.length === 0) return [];
	const { turnId, nextOrd, lastHash: prevHash } = record;
	// What has a link before it is bound to its turn by that.
	let linked = `${prevHash === '' ? turnId : prevHash}|${String(nextOrd)}|${String(at)}|${String(epoch)}`;
	for (const { kind, ref } of steps) linked += `|${kind}|${ref}`;
	const hash = sha256Hex(linked);
	return steps.map(({ kind, ref }, index) => ({
		turnId,
		ord: nextOrd + index,
		v: journalVersion,
		kind,
		ref,
		at,
		epoch,
		prevHash,
		hash
	}));
}

const previewLength = 140;

function previewOf(entries: readonly Entry[]): { preview?: string } {
	for (let index = entries.length - 1; index >= 0; index--) {
		for (const part of entries[index]?.parts ?? []) {
			if (part.type !== 'text') continue;
			const preview = oneLine(part.text, previewLength).slice(0, previewLength);
			if (preview !== '') return { preview };
		}
	}
	return {};
}

const effectWrite = (effect: EffectRecord): StoreWrite => ({
	table: 'effects',
	key: effect.effectKey,
	row: effect
});
const approvalWrite = (approval: ApprovalRecord): StoreWrite => ({
	table: 'approvals',
	key: approval.approvalId,
	row: approval
});
const undoWrite = (undo: UndoRecord): StoreWrite => ({ table: 'undo', key: undo.effectKey, row: undo });
