/** Everything a turn needs, in five lines of a test: a store, a session on it, a scripted model, counted skills. */

import type { Entry } from '../../src/lib/wire/entries';
import type { LoopEvent, Mode } from '../../src/lib/wire/events';
import { userLabels } from '../../src/lib/wire/labels';
import type { Park } from '../../src/lib/agent/journal/park';
import { readApproval, readOpenTurns } from '../../src/lib/agent/journal/read-records';
import type { ApprovalRecord } from '../../src/lib/agent/journal/records';
import { runTurn } from '../../src/lib/agent/loop/run-turn';
import type { Steering, TurnPorts, TurnResult, TurnStart } from '../../src/lib/agent/loop/ports';
import type { ModelPort } from '../../src/lib/agent/models/protocol';
import type { Rule } from '../../src/lib/agent/policy/gate';
import { defaultFacts } from '../../src/lib/agent/sessions/records';
import type { SessionFacts, SessionRecord } from '../../src/lib/agent/sessions/records';
import { openLamClock } from '../../src/lib/agent/sessions/lam';
import { createSessionWriter } from '../../src/lib/agent/sessions/writer';
import type { SkillPort } from '../../src/lib/agent/skills/port';
import type { Store } from '../../src/lib/agent/storage/store';
import { createFakeClock, createFakeIds } from './ports';

export const sessionId = 'session-1';
const model = { provider: 'fake', model: 'scripted' };

export interface TurnWorldOptions {
	readonly store: Store;
	readonly model: ModelPort;
	readonly skills: SkillPort;
	readonly mode?: Mode;
	readonly rules?: readonly Rule[];
	readonly stepLimit?: number;
	readonly interactive?: boolean;
	readonly newStreamSecret?: () => string;
	/** Distinguishes the ids made by one process life from those of the next. */
	readonly life?: string;
}

export interface TurnWorld {
	readonly events: LoopEvent[];
	readonly steering: Steering[];
	readonly clock: ReturnType<typeof createFakeClock>;
	entries(): readonly Entry[];
	send(text: string, signal?: AbortSignal): Promise<TurnResult>;
	/** Runs every open turn to its end or park, as a new leader would. */
	recover(signal?: AbortSignal): Promise<TurnResult[]>;
	approvals(): Promise<ApprovalRecord[]>;
	decide(approvalId: string, decision: NonNullable<ApprovalRecord['decision']>): Promise<void>;
	/** Resolves once a turn waits for somebody. */
	parked(): Promise<void>;
}

export async function openTurnWorld(options: TurnWorldOptions): Promise<TurnWorld> {
	const { store } = options;
	const clock = createFakeClock();
	const ids = createFakeIds(options.life ?? 'a');
	const events: LoopEvent[] = [];
	const steering: Steering[] = [];
	const entries = new Map<string, Entry>();
	for (const { row } of await store.range('entries', { prefix: `${sessionId}/` })) {
		const entry = row as Entry;
		entries.set(entry.id, entry);
	}
	const stored = (await store.get('sessions', sessionId)) as SessionRecord | undefined;
	let record: SessionRecord = stored ?? {
		id: sessionId,
		v: 1,
		createdAt: 0,
		temporary: false,
		registers: {}
	};
	const facts = (of: SessionRecord): SessionFacts => ({
		...defaultFacts,
		...Object.fromEntries(Object.entries(of.registers).map(([name, register]) => [name, register.value]))
	});
	const writer = createSessionWriter(sessionId, {
		store,
		epoch: () => 0,
		lamport: await openLamClock(store),
		record: () => record,
		facts,
		withFacts: (of, patch, lam) => ({
			...of,
			registers: {
				...of.registers,
				...Object.fromEntries(
					Object.entries(patch).map(([name, value]) => [name, { value, lam, dev: 'test' }])
				)
			}
		}),
		branch(head) {
			const branch: Entry[] = [];
			for (let id = head; id !== null;) {
				const entry = entries.get(id);
				if (entry === undefined) break;
				branch.unshift(entry);
				id = entry.parentId;
			}
			return branch;
		},
		applied(next, added) {
			record = next;
			for (const entry of added) entries.set(entry.id, entry);
		}
	});
	const waiters = new Map<string, () => void>();
	const parkListeners: (() => void)[] = [];
	const park: Park = (request, signal) =>
		new Promise((resolve, reject) => {
			const id = request.waitingFor[0] ?? '';
			waiters.set(id, () => {
				resolve({ id, value: null });
			});
			if (signal.aborted) reject(new Error('aborted'));
			signal.addEventListener('abort', () => {
				reject(new Error('aborted'));
			});
		});
	const ports: TurnPorts = {
		clock,
		ids,
		device: { id: 'test' },
		epoch: () => 0,
		...(options.newStreamSecret === undefined ? {} : { newStreamSecret: options.newStreamSecret }),
		store,
		session: writer,
		models: options.model,
		skills: options.skills,
		park,
		loadBlob: () => Promise.resolve(undefined),
		steering: () => steering.splice(0),
		policy: () => ({
			stance: 'edit',
			rules: options.rules ?? [],
			interactive: options.interactive ?? true,
			principal: 'user'
		}),
		systemPrompt: 'You are a test.'
	};
	const run = (turnId: string, start: TurnStart, signal: AbortSignal): Promise<TurnResult> =>
		runTurn({ turnId, sessionId, start, signal }, ports, (event) => {
			events.push(event);
			if (event.type === 'turn-park') for (const listener of parkListeners.splice(0)) listener();
		});
	return {
		events,
		steering,
		clock,
		entries: () => writer.branch(facts(record).head),
		send(message, signal = new AbortController().signal) {
			const start: TurnStart = {
				kind: 'message',
				parentId: facts(record).head,
				alsoDelete: [],
				settings: {
					mode: options.mode ?? 'auto',
					model,
					stepLimit: options.stepLimit ?? 6,
					effort: '',
					webSearch: false
				},
				user: {
					id: ids.next(),
					sessionId,
					v: 1,
					kind: 'user',
					author: { device: 'test', principal: 'user' },
					parts: [{ type: 'text', text: message }],
					labels: userLabels,
					at: clock.now()
				}
			};
			return run(ids.next(), start, signal);
		},
		async recover(signal = new AbortController().signal) {
			const open = await readOpenTurns(store);
			return Promise.all(open.map((turn) => run(turn.turnId, { kind: 'resume', record: turn }, signal)));
		},
		async approvals() {
			const rows = await store.range('approvals', {});
			return rows.map(({ row }) => row as ApprovalRecord);
		},
		async decide(approvalId, decision) {
			const approval = await readApproval(store, approvalId);
			if (approval === undefined) throw new Error(`no approval ${approvalId}`);
			await store.commit({
				epoch: 0,
				put: [
					{
						table: 'approvals',
						key: approvalId,
						row: {
							...approval,
							state: decision === 'reject' ? 'rejected' : 'approved',
							decision,
							expiresAt: clock.now() + 600_000
						}
					}
				]
			});
			waiters.get(approvalId)?.();
		},
		parked: () =>
			new Promise((resolve) => {
				parkListeners.push(resolve);
			})
	};
}
