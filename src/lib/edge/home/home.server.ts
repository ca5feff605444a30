/** The Durable Object around a relay's home: one a relay. Calls by name, JSON both ways. */

import { DurableObject } from 'cloudflare:workers';
import { AppError, toAppError } from '../../wire/errors';
import { parseJson } from '../../wire/json';
import { writeLog } from '../audit';
import { readVariable } from '../env';
import { alertUpstream } from '../relay-target';
import { createRelayHome, type RelayHome as Home } from './relay-home';
import { createKeySeal } from './seal-key';
import { sayThatItFails } from './alert';
import { alertWindowMinutes, type Counts } from './counters';
import { homeCall } from './verbs';

/** Counters wait this long for company: a write a request would cost more than the request. */
const flushAfterMs = 15_000;

export class RelayHome extends DurableObject {
	readonly #home: Home;

	constructor(state: DurableObjectState, env: Env) {
		super(state, env);
		this.#home = createRelayHome(state.storage.sql, {
			now: () => Date.now(),
			random: (length) => crypto.getRandomValues(new Uint8Array(length)),
			claimCode: readVariable(env, 'CLAIM_CODE'),
			isPasskeyOff: readVariable(env, 'RELAY_PASSKEYS') === 'off',
			seal: createKeySeal(readVariable(env, 'RELAY_SECRET')),
			announceCode: (code) => writeLog(JSON.stringify({ event: 'claim-code', code }))
		});
	}

	override async fetch(request: Request): Promise<Response> {
		try {
			const call = homeCall.safeParse(parseJson(await request.text()));
			if (!call.success) throw new AppError('input/invalid');
			const { who, input, counts } = call.data;
			if (counts !== undefined) await this.#count(counts);
			const verb = new URL(request.url).pathname.slice(1);
			if (verb === 'state') return Response.json({ ok: true, data: this.#home.state() });
			const run = Object.hasOwn(this.#home.verbs, verb) ? this.#home.verbs[verb] : undefined;
			if (run === undefined || who === undefined) throw new AppError('input/invalid');
			return Response.json({ ok: true, data: await run(who, input) });
		} catch (thrown) {
			const { id, message, data } = toAppError(thrown);
			return Response.json({ ok: false, error: { id, message, ...(data === undefined ? {} : { data }) } });
		}
	}

	override async alarm(): Promise<void> {
		const now = Date.now();
		if (this.#home.counters.flush(now)) await this.#alert(now);
	}

	async #count(counts: Counts): Promise<void> {
		const now = Date.now();
		this.#home.counters.add(counts);
		// Who is to be told is told at once: what succeeds can wait to be written.
		if (Object.keys(counts).some((name) => name.endsWith('.failed'))) this.ctx.waitUntil(this.#alert(now));
		if ((await this.ctx.storage.getAlarm()) === null) await this.ctx.storage.setAlarm(now + flushAfterMs);
	}

	async #alert(now: number): Promise<void> {
		const { alertWebhook } = this.#home.rules();
		if (alertWebhook === null || !this.#home.counters.shouldAlert(now)) return;
		const upstream = alertUpstream(this.env);
		await sayThatItFails(
			alertWebhook,
			this.#home.counters.sum(alertWindowMinutes, now),
			upstream === undefined ? {} : { upstream }
		);
	}
}
