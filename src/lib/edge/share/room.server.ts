/**
 * The Durable Object around a share, named by its id; and around an address's count of shares, named by
 * `of:` and a hash. It turns requests of our own edge into calls of the pure parts beside it.
 */

import { DurableObject } from 'cloudflare:workers';
import { parseJson } from '../../wire/json';
import { shareLimits } from '../../wire/share';
import { newShare, shareHeader } from '../../wire/share-api';
import { streamPieces } from '../sealed/pieces';
import { countShare, type CountStore } from './share-count';
import { createShareRecord, type ShareRecord } from './share-record';
import { createSqliteCountStore, createSqliteShareStore } from './sqlite-share';

const dayMs = 24 * 60 * 60 * 1000;
const nothing = (): Response => new Response(null, { status: 404 });

export class ShareRoom extends DurableObject {
	#record: ShareRecord;
	readonly #count: CountStore;

	constructor(state: DurableObjectState, env: Env) {
		super(state, env);
		this.#record = openRecord(state);
		this.#count = createSqliteCountStore(state.storage.sql);
	}

	override async fetch(request: Request): Promise<Response> {
		const { pathname, searchParams } = new URL(request.url);
		const token = request.headers.get('x-token-hash') ?? '';
		switch (pathname) {
			case '/create':
				return await this.#create(request, searchParams.get('counter') ?? '');
			case '/read':
				return this.#read(token);
			case '/state':
				return answer(this.#record.state(token));
			case '/revoke':
				return answer(this.#record.revoke(token, searchParams.get('by') === 'operator'));
			case '/count': {
				const share = {
					shareId: searchParams.get('share') ?? '',
					expiresAt: Date.now() + Number(searchParams.get('days')) * dayMs
				};
				const may = countShare(this.#count, share, { now: Date.now(), limit: shareLimits.perAddress });
				return new Response(null, { status: may ? 204 : 429 });
			}
			case '/uncount':
				this.#count.drop(searchParams.get('share') ?? '');
				return new Response(null, { status: 204 });
			default:
				return nothing();
		}
	}

	/** A share's time is over: nothing of it stays, nor its name. */
	override async alarm(): Promise<void> {
		const next = this.#record.expire();
		if (next !== undefined) return await this.ctx.storage.setAlarm(next);
		await this.ctx.storage.deleteAll();
		// The tables went too, and this object may be asked again.
		this.#record = openRecord(this.ctx);
	}

	async #create(request: Request, counter: string): Promise<Response> {
		const asked = newShare.safeParse(parseJson(request.headers.get(shareHeader) ?? ''));
		if (!asked.success) return nothing();
		const sealed = new Uint8Array(await request.arrayBuffer());
		const state = this.#record.create({ ...asked.data, counter }, sealed);
		if (state === undefined) return new Response(null, { status: 409 });
		await this.ctx.storage.setAlarm(state.expiresAt);
		return answer(state);
	}

	#read(token: string): Response {
		const open = this.#record.open(token);
		if (open === undefined) return nothing();
		const body = streamPieces(open.size, (index) => open.piece(index));
		return new Response(body, { headers: { 'x-size': String(open.size) } });
	}
}

function openRecord(state: DurableObjectState): ShareRecord {
	return createShareRecord(createSqliteShareStore(state.storage.sql), () => Date.now());
}

function answer(data: unknown): Response {
	return data === undefined ? nothing() : Response.json(data);
}
