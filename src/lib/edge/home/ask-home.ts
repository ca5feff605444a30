/**
 * The front's side of the relay's home. What every request has to know (is it claimed, who may pass) is
 * cached for a few seconds in each isolate, so that an unclaimed relay costs no round trip a request: a
 * claim closes it at once where it was made, and within five seconds everywhere else.
 */

import { AppError } from '../../wire/errors';
import { parseJson } from '../../wire/json';
import type { EdgeEnv, ObjectNamespace } from '../env';
import type { Counts } from './counters';
import { homeAnswer, homeState, type HomeState, type Who } from './verbs';

interface Schema<T> {
	safeParse(value: unknown): { success: true; data: T } | { success: false };
}

const objectName = 'relay';
const freshMs = 4_000;
const known = new WeakMap<ObjectNamespace, { readonly state: HomeState; readonly at: number }>();
let counts = new Map<string, number>();

/** What a relay is that keeps no home. */
export const homeless: HomeState = { isClaimed: false, admission: 'invite', isCapped: false, secrets: [] };

/** Counted here, carried along by the next call that goes to the home anyway. */
export function count(what: 'relay' | 'fetch' | 'mcp' | 'home', status: number): void {
	const name = `${what}.${status < 400 ? 'ok' : status < 500 ? 'refused' : 'failed'}`;
	counts.set(name, (counts.get(name) ?? 0) + 1);
}

/** Throws what the home throws, as the same error. */
export async function askHome<T>(
	home: ObjectNamespace,
	verb: string,
	schema: Schema<T>,
	call: { readonly who?: Who; readonly input?: unknown }
): Promise<T> {
	const carried: Counts = Object.fromEntries(counts);
	counts = new Map();
	const answer = await home.getByName(objectName).fetch(`https://home/${verb}`, {
		method: 'POST',
		body: JSON.stringify(Object.keys(carried).length === 0 ? call : { ...call, counts: carried })
	});
	const parsed = homeAnswer.safeParse(parseJson(await answer.text()));
	if (!parsed.success) throw new AppError('internal/unexpected');
	if (!parsed.data.ok) {
		const { id, message, data } = parsed.data.error;
		throw new AppError(id, { message, ...(data === undefined ? {} : { data }) });
	}
	const data = schema.safeParse(parsed.data.data);
	if (!data.success) throw new AppError('internal/unexpected');
	return data.data;
}

/** Not a promise where it is known, so that the unclaimed path waits for nothing. */
export function relayState(env: EdgeEnv): HomeState | Promise<HomeState> {
	if (env.HOME === undefined) return homeless;
	const cached = known.get(env.HOME);
	return cached !== undefined && Date.now() - cached.at < freshMs ? cached.state : readState(env.HOME);
}

/** Asked anew by whoever has just changed it. */
export async function readState(home: ObjectNamespace): Promise<HomeState> {
	const state = await askHome(home, 'state', homeState, {});
	known.set(home, { state, at: Date.now() });
	return state;
}
