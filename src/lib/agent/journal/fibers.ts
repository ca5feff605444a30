/**
 * Durable jobs outside a conversation: steps that settle once, sleeps and waits that survive
 * anything. Each boundary is one commit under the epoch fence; a killed fiber is run again from
 * its beginning and gets the settled steps' results from the journal.
 */

import { AppError, toAppError } from '../../wire/errors';
import type { Json } from '../../wire/json';
import type { Clock, Ids } from '../ports';
import type { Commit, Store, StoreWrite } from '../storage/store';
import {
	fiberVersion,
	isParkAnswer,
	readFiber,
	readFiberStep,
	type FiberRecord,
	type FiberStepRecord
} from './fiber-records';
import type { Fiber, ParkAnswer } from './park';

/** Runs without a newly settled step after which a fiber is given up. */
export const maximumAttempts = 8;

export interface FiberPorts {
	readonly store: Store;
	readonly clock: Clock;
	readonly ids: Ids;
	readonly epoch: () => number;
}

/** Must do the same again when it is run again: everything impure belongs into a step. */
export type FiberWork = (fiber: Fiber, input: Json, signal: AbortSignal) => Promise<Json>;

export interface Fibers {
	/** Resolves with the id once the job is committed; it does not run yet. `put` joins the commit. */
	start(kind: string, input: Json, put?: readonly StoreWrite[]): Promise<string>;
	/**
	 * Runs it, from its first step, to its end. An ended one answers at once. A failed one throws its error. When
	 * aborted, or when the store fails, it stays unfinished. One run at a time: a second call joins the first.
	 */
	run(fiberId: string, work: FiberWork, signal: AbortSignal): Promise<Json>;
	/** True when this answer is the one that counts; it is committed then. False: unknown, answered already, or no such id. */
	answer(fiberId: string, name: string, answer: ParkAnswer): Promise<boolean>;
	/** For recovery: everything that has begun and not ended, oldest first. */
	unfinished(): Promise<readonly FiberRecord[]>;
	read(fiberId: string): Promise<FiberRecord | null>;
	remove(fiberId: string): Promise<void>;
}

/** A fiber that runs in this process. */
interface Live {
	record: FiberRecord;
	result: Promise<Json>;
	readonly waiters: Map<string, (answer: ParkAnswer) => void>;
}

export function createFibers({ store, clock, ids, epoch }: FiberPorts): Fibers {
	const live = new Map<string, Live>();

	async function read(fiberId: string): Promise<FiberRecord | null> {
		return readFiber(await store.get('fibers', fiberId));
	}

	async function readStep(fiberId: string, name: string): Promise<FiberStepRecord | null> {
		const row = await store.get('fibers', stepKey(fiberId, name));
		if (row === undefined) return null;
		const step = readFiberStep(row);
		// What cannot be read may have happened: running it again could do it twice.
		if (step === null) throw new AppError('storage/failed', { data: { fiberId, name } });
		return step;
	}

	async function write(
		handle: Live,
		change: Partial<FiberRecord>,
		step?: FiberStepRecord,
		expect?: Commit['expect']
	): Promise<void> {
		handle.record = { ...handle.record, ...change };
		const { record } = handle;
		const put: StoreWrite[] = [{ table: 'fibers', key: record.fiberId, row: record }];
		if (step !== undefined) put.push({ table: 'fibers', key: stepKey(record.fiberId, step.name), row: step });
		await store.commit({ epoch: epoch(), put, ...(expect === undefined ? {} : { expect }) });
	}

	async function answer(fiberId: string, name: string, given: ParkAnswer): Promise<boolean> {
		const step = await readStep(fiberId, name);
		if (step?.kind !== 'park' || step.state !== 'open') return false;
		if (given.id !== 'wake' && step.waitingFor?.includes(given.id) !== true) return false;
		const running = live.get(fiberId);
		const record = running?.record ?? (await read(fiberId));
		if (record === null || record.state === 'ended') return false;
		const handle = running ?? { record, result: Promise.resolve(null), waiters: new Map<string, never>() };
		const expect = [{ table: 'fibers' as const, key: stepKey(fiberId, name), field: 'state', is: 'open' }];
		const value = { id: given.id, value: given.value };
		try {
			await write(handle, { state: 'running', attempt: 0 }, { ...step, state: 'settled', value }, expect);
		} catch (thrown) {
			if (toAppError(thrown).id === 'storage/conflict') return false;
			throw thrown;
		}
		live.get(fiberId)?.waiters.get(name)?.(given);
		return true;
	}

	function createFiber(handle: Live, signal: AbortSignal): Fiber {
		const { fiberId } = handle.record;
		const steps = new Map<string, Promise<Json>>();

		/** A name is one step: asked for twice at once, it runs once. */
		function once(name: string, run: () => Promise<Json>): Promise<Json> {
			const running = steps.get(name);
			if (running !== undefined) return running;
			const promise = run().finally(() => steps.delete(name));
			steps.set(name, promise);
			return promise;
		}

		function row(name: string, kind: FiberStepRecord['kind']): Omit<FiberStepRecord, 'state'> {
			return { fiberId, name, v: fiberVersion, kind, at: clock.now() };
		}

		/** Got to where it waits: that is progress, and waiting costs no attempt. */
		async function setParked(): Promise<void> {
			const { state, attempt } = handle.record;
			if (state !== 'parked' || attempt !== 0) await write(handle, { state: 'parked', attempt: 0 });
		}

		return {
			id: fiberId,
			async step(name, work) {
				const value = await once(name, async () => {
					const settled = await readStep(fiberId, name);
					if (settled?.state === 'settled') return settled.value ?? null;
					signal.throwIfAborted();
					const result = (await work(await keyOf(fiberId, name), signal)) ?? null;
					await write(
						handle,
						{ state: 'running', attempt: 0 },
						{ ...row(name, 'step'), state: 'settled', value: result }
					);
					return result;
				});
				if (!isResultOf<Awaited<ReturnType<typeof work>>>(value)) throw new AppError('storage/failed');
				return value;
			},
			async sleep(name, untilMs) {
				await once(name, async () => {
					const known = await readStep(fiberId, name);
					if (known?.state === 'settled') return null;
					const open: FiberStepRecord = known ?? { ...row(name, 'sleep'), state: 'open', wakeAt: untilMs };
					if (known === null) await write(handle, { state: 'parked', attempt: 0 }, open);
					else await setParked();
					const wait = (open.wakeAt ?? untilMs) - clock.now();
					if (wait > 0) await clock.sleep(wait, signal);
					await write(handle, { state: 'running', attempt: 0 }, { ...open, state: 'settled' });
					return null;
				});
			},
			async park(name, request) {
				const value = await once(name, async () => {
					const stop = new AbortController();
					let fail: (reason: unknown) => void = () => {};
					// Listens before it reads, so that no answer falls between the two.
					const answered = new Promise<ParkAnswer>((resolve, reject) => {
						handle.waiters.set(name, resolve);
						fail = reject;
					});
					answered.catch(() => {});
					const abort = (): void => fail(signal.reason);
					signal.addEventListener('abort', abort, { once: true });
					try {
						const known = await readStep(fiberId, name);
						if (known?.state === 'settled' && isParkAnswer(known.value)) return known.value;
						const { reason, waitingFor, wakeAt } = request;
						const open: FiberStepRecord = known ?? {
							...row(name, 'park'),
							state: 'open',
							reason,
							waitingFor,
							...(wakeAt === undefined ? {} : { wakeAt })
						};
						if (known === null) await write(handle, { state: 'parked', attempt: 0 }, open);
						else await setParked();
						signal.throwIfAborted();
						if (open.wakeAt !== undefined) wakeLater(fiberId, name, open.wakeAt, stop.signal, fail);
						const given = await answered;
						return { id: given.id, value: given.value };
					} finally {
						stop.abort();
						handle.waiters.delete(name);
						signal.removeEventListener('abort', abort);
					}
				});
				if (!isParkAnswer(value)) throw new AppError('storage/failed', { data: { fiberId, name } });
				return value;
			}
		};
	}

	function wakeLater(
		fiberId: string,
		name: string,
		wakeAt: number,
		signal: AbortSignal,
		fail: (reason: unknown) => void
	): void {
		const wake = async (): Promise<void> => {
			try {
				await clock.sleep(Math.max(0, wakeAt - clock.now()), signal);
				await answer(fiberId, name, { id: 'wake', value: null });
			} catch (thrown) {
				if (!signal.aborted) fail(thrown);
			}
		};
		void wake();
	}

	async function drive(handle: Live, work: FiberWork, signal: AbortSignal): Promise<Json> {
		const { record } = handle;
		if (record.state === 'running') {
			if (record.attempt >= maximumAttempts) {
				const error = new AppError('turn/no-progress', { data: { fiberId: record.fiberId } });
				await write(handle, { state: 'ended', endedAt: clock.now(), error: error.toWire() });
				throw error;
			}
			await write(handle, { attempt: record.attempt + 1 });
		}
		let result: Json;
		try {
			result = await work(createFiber(handle, signal), record.input, signal);
		} catch (thrown) {
			const error = toAppError(thrown);
			// Not the job's failure: it goes on when it is recovered.
			if (signal.aborted || error.id.startsWith('storage/')) throw thrown;
			await write(handle, { state: 'ended', endedAt: clock.now(), error: error.toWire() });
			throw error;
		}
		await write(handle, { state: 'ended', endedAt: clock.now(), result });
		return result;
	}

	return {
		async start(kind, input, put = []) {
			const fiberId = ids.next();
			const record: FiberRecord = {
				fiberId,
				v: fiberVersion,
				kind,
				input,
				state: 'running',
				attempt: 0,
				createdAt: clock.now()
			};
			const expect = [{ table: 'fibers' as const, key: fiberId, absent: true as const }];
			await store.commit({
				epoch: epoch(),
				expect,
				put: [{ table: 'fibers', key: fiberId, row: record }, ...put]
			});
			return fiberId;
		},
		async run(fiberId, work, signal) {
			const before = live.get(fiberId);
			if (before !== undefined) return before.result;
			const record = await read(fiberId);
			if (record === null) throw new AppError('turn/not-found', { data: { fiberId } });
			if (record.error !== undefined) throw new AppError(record.error.id, { message: record.error.message });
			if (record.state === 'ended') return record.result ?? null;
			// Two calls may have read at once.
			const meanwhile = live.get(fiberId);
			if (meanwhile !== undefined) return meanwhile.result;
			const handle: Live = { record, result: Promise.resolve(null), waiters: new Map() };
			live.set(fiberId, handle);
			handle.result = drive(handle, work, signal).finally(() => live.delete(fiberId));
			return handle.result;
		},
		answer,
		async unfinished() {
			const found: FiberRecord[] = [];
			for (const { key, row } of await store.range('fibers', {})) {
				if (key.includes('/')) continue;
				const record = readFiber(row);
				if (record !== null && record.state !== 'ended') found.push(record);
			}
			return found.sort((a, b) => a.createdAt - b.createdAt);
		},
		read,
		async remove(fiberId) {
			const rows = await store.range('fibers', { prefix: `${fiberId}/` });
			const keys = [fiberId, ...rows.map(({ key }) => key)];
			await store.commit({ epoch: epoch(), delete: keys.map((key) => ({ table: 'fibers', key })) });
		}
	};
}

function stepKey(fiberId: string, name: string): string {
	try {
		if (name !== '') return `${fiberId}/${encodeURIComponent(name)}`;
	} catch {
		// Half a character: not a name.
	}
	throw new AppError('input/invalid', { message: 'A step needs a name of whole characters.' });
}

/** Stable across recovery, and unlike that of any other step. */
async function keyOf(fiberId: string, name: string): Promise<string> {
	const text = ['wherry/fiber/v1', fiberId, name].join('\u0000');
	const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text)));
	const base64 = btoa(String.fromCharCode(...digest));
	return `f1.${base64.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')}`;
}

/** The journal holds what the same step's work once returned: the one place where it gets its type back. */
function isResultOf<T extends Json>(value: Json): value is T {
	return value !== undefined;
}
