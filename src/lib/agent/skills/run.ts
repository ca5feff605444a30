/**
 * Runs one action that has been allowed: gives it its context, holds its writes back, stops it
 * at its signal or its time limit, and turns whatever comes of it into an outcome. Never rejects.
 */

import { AppError, isAbort, toAppError, type WireError } from '../../wire/errors';
import { isJsonObject, parseJson, type Json, type JsonObject } from '../../wire/json';
import { joinLabels, ownLabels, type Labels } from '../../wire/labels';
import type { Action, ActionContext, HostServices, PluginDefinition } from '../../plugins/plugin';
import type { Clock, FetchPort, Ids } from '../ports';
import type { Store } from '../storage/store';
import { createHostFetch } from './host-fetch';
import { createPluginStorage, type BufferedStorage } from './plugin-storage';
import { defaultTimeoutMs } from './load';
import { markRow, type RowMark } from './row-mark';
import type { SkillOutcome, SkillRun } from './port';

const maximumOutputBytes = 256 * 1024;
const maximumMessage = 500;

/** Puts the named secret into `header` of the request; throws `vault/…`. The key itself stays where it is. */
export type Sign = (secret: string, request: Request, header: string) => Promise<Request>;

export interface RunnerOptions {
	readonly store: Store;
	readonly clock: Clock;
	readonly ids: Ids;
	readonly fetch: FetchPort;
	readonly host: HostServices;
	readonly sign: Sign;
	readonly timeZone: () => string;
	readonly locale: () => string;
}

type ContextInput = Pick<SkillRun, 'effectKey' | 'now' | 'onProgress'>;

interface World {
	readonly context: ActionContext;
	readonly storage: BufferedStorage;
	readonly sources: readonly string[];
	/** Nothing that the action does after this counts. */
	close(): void;
}

/** Everything that one action may touch. */
export function openWorld(
	plugin: PluginDefinition,
	run: ContextInput,
	signal: AbortSignal,
	options: RunnerOptions,
	restored?: JsonObject
): World {
	const storage = createPluginStorage(plugin.id, options.store, restored);
	const sources: string[] = [];
	let isOpen = true;
	const guarded = (hosts: readonly string[]): FetchPort => {
		const fetch = createHostFetch({ hosts, fetch: options.fetch, signal });
		return async (request) => {
			if (!isOpen) throw new AppError('skill/stopped');
			return fetch(request);
		};
	};
	const context: ActionContext = {
		signal,
		idempotencyKey: run.effectKey,
		now: run.now,
		timeZone: options.timeZone(),
		locale: options.locale(),
		newId: () => options.ids.next(),
		sleep: (ms) => options.clock.sleep(ms, signal),
		fetch: guarded(plugin.hosts ?? []),
		signedFetch: async (name, request, header = 'authorization') => {
			const secret = plugin.secrets?.find((one) => one.name === name);
			if (secret === undefined) throw new AppError('vault/no-secret');
			if (new URL(request.url).host !== secret.host) throw new AppError('vault/wrong-origin');
			return guarded([secret.host])(await options.sign(name, request, header));
		},
		storage,
		host: options.host,
		progress: (text, fraction) => {
			if (isOpen) run.onProgress(String(text).slice(0, maximumMessage), fraction);
		},
		addSource: (source) => {
			if (sources.length < 20) sources.push(String(source).slice(0, maximumMessage));
		}
	};
	return {
		context,
		storage,
		sources,
		close() {
			isOpen = false;
			storage.close();
		}
	};
}

export async function runAction(
	plugin: PluginDefinition,
	action: Action,
	run: SkillRun,
	options: RunnerOptions
): Promise<SkillOutcome> {
	const stop = new AbortController();
	const signal = AbortSignal.any([run.signal, stop.signal]);
	const world = openWorld(plugin, run, signal, options);
	const labels = (): Labels => labelsOf(action, run, world);
	try {
		const { captured, output } = await within(
			run.signal,
			action.timeoutMs ?? defaultTimeoutMs,
			options.clock,
			async () => {
				const captured =
					action.undo === undefined ? undefined : await action.undo.capture(run.args, world.context);
				return { captured, output: await action.run(run.args, world.context) };
			}
		);
		const changes = world.storage.changes(labels());
		const undo =
			action.undo === undefined || captured === undefined
				? {}
				: {
						undo: {
							label: action.undo.label,
							captured: {
								captured: plain(captured),
								labels: world.storage.replacedLabels(),
								left: marksOf(plugin, changes)
							}
						}
					};
		return { status: 'ok', output: capped(plain(output)), labels: labels(), ...changes, ...undo };
	} catch (thrown) {
		return failure(toSkillError(thrown, run.signal), labels());
	} finally {
		world.close();
		stop.abort(new AppError('skill/stopped'));
	}
}

/** What the call leaves behind, so that an undo can see whether it is still so. */
function marksOf(
	plugin: PluginDefinition,
	{ writes, deletes }: ReturnType<BufferedStorage['changes']>
): { readonly [key: string]: Json } {
	const mark = (key: string, row?: unknown): [string, Json] => {
		const { hash, text }: RowMark = markRow(plugin, key, row);
		return [key, { hash, text }];
	};
	return Object.fromEntries([
		...deletes.map(({ key }) => mark(key)),
		...writes.map(({ key, row }) => mark(key, row))
	]);
}

export function failure(error: WireError, labels: Labels = ownLabels): SkillOutcome {
	return { status: 'error', output: null, error, labels, writes: [], deletes: [] };
}

/**
 * Settles as `work` does, or rejects at the abort (`skill/stopped`) or the limit (`skill/timeout`),
 * whichever is first: work that ignores its signal cannot hold a turn.
 */
export async function within<T>(
	signal: AbortSignal,
	limitMs: number,
	clock: Clock,
	work: () => Promise<T>
): Promise<T> {
	if (signal.aborted) throw new AppError('skill/stopped');
	const done = new AbortController();
	const stopped = new Promise<never>((_, reject) => {
		signal.addEventListener('abort', () => reject(new AppError('skill/stopped')), {
			once: true,
			signal: done.signal
		});
	});
	const late = clock.sleep(limitMs, done.signal).then(() => {
		throw new AppError('skill/timeout');
	});
	// The loser of the race rejects with nobody listening.
	late.catch(() => undefined);
	try {
		return await Promise.race([work(), stopped, late]);
	} finally {
		done.abort();
	}
}

function labelsOf(action: Action, run: SkillRun, world: World): Labels {
	const isTainted = action.output?.integrity === 'untrusted' || world.sources.length > 0;
	const declared: Labels = {
		integrity: isTainted ? 'untrusted' : 'own',
		private: action.output?.private ?? false,
		sources: world.sources
	};
	return joinLabels([declared, run.labels ?? ownLabels, ...world.storage.readLabels()]);
}

/** JSON as it will be stored: no `undefined`, no cycle, no getter. Throws on what is none. */
function plain(value: Json): Json {
	const text: string | undefined = JSON.stringify(value);
	if (text === undefined) return null;
	return parseJson(text) ?? null;
}

function capped(output: Json): Json {
	const text = JSON.stringify(output);
	if (text.length * 3 <= maximumOutputBytes) return output;
	const bytes = new TextEncoder().encode(text);
	if (bytes.length <= maximumOutputBytes) return output;
	const kept = typeof output === 'string' ? output : text;
	// A character is at most six bytes once it is quoted.
	const head = kept.slice(0, maximumOutputBytes / 6);
	return {
		isTruncated: true,
		note: `The output was ${bytes.length} bytes; this is its beginning.`,
		text: head
	};
}

/** Whatever was thrown, as an error that can be shown: even something that cannot be printed. */
export function toSkillError(thrown: unknown, signal: AbortSignal): WireError {
	try {
		if (signal.aborted) return new AppError('skill/stopped').toWire();
		if (thrown instanceof AppError) return thrown.toWire();
		if (isAbort(thrown)) return new AppError('skill/timeout').toWire();
		const error = toAppError(thrown, 'skill/failed').toWire();
		const detail = isJsonObject(error.data) ? error.data['detail'] : undefined;
		return typeof detail === 'string'
			? { ...error, data: { detail: detail.slice(0, maximumMessage) } }
			: error;
	} catch {
		return new AppError('skill/failed').toWire();
	}
}
