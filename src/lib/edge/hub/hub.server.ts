/**
 * The Durable Object around a hub: one object a stream, named by the stream's id. It turns requests into
 * calls of `stream-hub.ts`, and alarms keep it alive while a provider is being read.
 */

import { DurableObject } from 'cloudflare:workers';
import { toBase64 } from '../../wire/base64';
import { AppError } from '../../wire/errors';
import { hubHeader, streamId } from '../../wire/hub';
import { fail, succeed } from '../envelope';
import { cleanDownstream } from '../header-hygiene';
import type { EdgeEnv } from '../env';
import { settleAs, settledBy, type Ticket } from '../home/settle';
import { createFrameLog, logLimits } from './frame-log';
import { createSqliteFrameStore } from './sqlite-frames';
import { createStreamHub, type StreamHub as Hub } from './stream-hub';
import { readSecret, hubTarget } from './hub-request';

/** What must not cross the relay does not cross a hub either. */
async function fetchClean(request: Request, env: EdgeEnv, ticket: Ticket | undefined): Promise<Response> {
	const answer = await fetch(request);
	const response = ticket === undefined ? new Response(answer.body, answer) : settledBy(env, ticket, answer);
	cleanDownstream(response.headers);
	return response;
}

/** An object that nobody asks anything is put to sleep; a provider may think for minutes. */
const keepAwakeMs = 20_000;

export class StreamHub extends DurableObject<Env> {
	#opened: Hub | undefined;
	/** Of the one request that this object makes. */
	#ticket: Ticket | undefined;

	get #hub(): Hub {
		const { storage } = this.ctx;
		return (this.#opened ??= createStreamHub(createFrameLog(createSqliteFrameStore(storage.sql)), {
			now: () => Date.now(),
			fetch: (request) => fetchClean(request, this.env, this.#ticket),
			synced: () => storage.sync(),
			newEpoch: () => Date.now().toString(36) + crypto.randomUUID().slice(0, 4),
			// An alarm is billed as a request: most answers end before the one that kept the object awake.
			ended: () => this.#wakeLater()
		}));
	}

	override async fetch(request: Request): Promise<Response> {
		const url = new URL(request.url);
		const requestId = request.headers.get('x-request-id') ?? '';
		switch (url.pathname) {
			case '/start':
				return await this.#start(request, requestId);
			case '/read':
				return this.#answer(Number(url.searchParams.get('after') ?? 0), requestId);
			case '/stop':
				return this.#info(await this.#hub.stop(), requestId);
			default:
				return this.#info(this.#hub.info(), requestId);
		}
	}

	/** Awake while it reads; then once more, when the stream's time is over. */
	override async alarm(): Promise<void> {
		if (this.#hub.expire()) {
			await this.ctx.storage.deleteAll();
			// The tables went too, and this object may be asked again.
			this.#opened = undefined;
			this.#ticket = undefined;
			return;
		}
		await this.#wakeLater();
	}

	async #start(request: Request, requestId: string): Promise<Response> {
		const { headers } = request;
		const id = streamId.safeParse(headers.get(hubHeader.stream));
		const secret = readSecret(headers.get(hubHeader.seal));
		const target = hubTarget(headers);
		if (!id.success || secret === undefined || target === undefined)
			return fail(new AppError('input/invalid'), requestId);
		const body = new Uint8Array(await request.arrayBuffer());
		const { method } = request;
		const parts = new TextEncoder().encode(`${method} ${target.url}\n`);
		const whole = new Uint8Array(parts.length + body.length);
		whole.set(parts);
		whole.set(body, parts.length);
		const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', whole));
		const isNew = this.#hub.info() === undefined;
		if (isNew) this.#ticket = target.ticket;
		// Nobody asks the provider a second time.
		else if (target.ticket !== undefined) await settleAs(this.env, target.ticket, { input: 0, output: 0 });
		const found = this.#hub.start({
			id: id.data,
			secret,
			requestHash: toBase64(digest),
			upstream: (signal) =>
				new Request(target.url, {
					method,
					headers: target.headers,
					...(method === 'GET' ? {} : { body }),
					redirect: 'manual',
					signal
				})
		});
		if (found === 'other') return fail(new AppError('stream/other-request'), requestId);
		await this.#wakeLater();
		return this.#answer(0, requestId);
	}

	#answer(after: number, requestId: string): Response {
		const body = Number.isSafeInteger(after) && after >= 0 ? this.#hub.read(after) : undefined;
		if (body === undefined) return fail(new AppError('stream/not-found'), requestId);
		return new Response(body, {
			headers: {
				'content-type': 'text/event-stream; charset=utf-8',
				'cache-control': 'no-store, no-transform',
				'x-accel-buffering': 'no',
				'x-request-id': requestId,
				[hubHeader.stream]: this.#hub.info()?.id ?? ''
			}
		});
	}

	#info(info: ReturnType<Hub['info']>, requestId: string): Response {
		return info === undefined ? fail(new AppError('stream/not-found'), requestId) : succeed(info, requestId);
	}

	async #wakeLater(): Promise<void> {
		const info = this.#hub.info();
		if (info === undefined) return;
		const at = this.#hub.isReading() ? Date.now() + keepAwakeMs : info.startedAt + logLimits.maxAgeMs;
		await this.ctx.storage.setAlarm(at);
	}
}
