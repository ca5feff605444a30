/**
 * The Durable Object around a share, named by its id; and around an address's count of shares, named by
 * `of:` and a hash. It turns requests of our own edge into calls of the pure parts beside it.
 */

import { DurableObject } from 'cloudflare:workers';
import { parseJson } from '../../wire/json';
import { frameHeader, newShare, shareHeader, type NewShare } from '../../wire/share-api';
import { frameHash, frameText } from '../../wire/share-frames';
import { liveProtocol, readFrame } from '../../wire/share-live';
import { ownedShareId, shareVerifier } from '../../wire/share-sign';
import { createBuckets } from '../home/buckets';
import type { SqlStorage } from '../hub/sql';
import { streamPieces } from '../sealed/pieces';
import { createLiveLog, type LiveLog } from './live-log';
import { LiveSockets } from './live-sockets';
import { createShareCount } from './share-count';
import { createShareRecord } from './share-record';
import { createSqliteLiveStore } from './sqlite-live';
import { createSqliteCountStore, createSqliteShareStore } from './sqlite-share';

const dayMs = 24 * 60 * 60 * 1000;
const nothing = (): Response => new Response(null, { status: 404 });

/** Of a share, or of an address's count: whatever nobody writes to makes no table. */
type Parts = ReturnType<typeof openParts>;
function openParts(sql: SqlStorage) {
	const now = () => Date.now();
	return {
		record: createShareRecord(createSqliteShareStore(sql), now),
		live: createSqliteLiveStore(sql),
		count: createShareCount(createSqliteCountStore(sql), now)
	};
}

export class ShareRoom extends DurableObject {
	#parts: Parts;
	readonly #sockets: LiveSockets;
	/** Forgotten when the object sleeps: a link that nobody opened for so long has all of it again. */
	readonly #buckets = createBuckets();

	constructor(state: DurableObjectState, env: Env) {
		super(state, env);
		this.#parts = openParts(state.storage.sql);
		this.#sockets = new LiveSockets(state, () => this.#log());
		state.setWebSocketAutoResponse(new WebSocketRequestResponsePair('ping', 'pong'));
	}

	override async fetch(request: Request): Promise<Response> {
		const { pathname, searchParams } = new URL(request.url);
		const token = request.headers.get('x-token-hash') ?? '';
		switch (pathname) {
			case '/create':
				return await this.#create(request, searchParams.get('counter') ?? '');
			case '/read':
				return this.#read(token);
			case '/live': {
				const role = this.#parts.record.roleOf(token);
				if (role === undefined) return nothing();
				return this.#crowded() ?? this.#sockets.open(role, liveProtocol);
			}
			case '/base':
				return await this.#rebase(request, token);
			case '/state': {
				const state = this.#parts.record.state(token);
				const isLive = state !== undefined && this.#log().meta() !== undefined;
				return answer(isLive ? { ...state, readers: this.#sockets.readers() } : state);
			}
			case '/revoke': {
				const revoked = this.#parts.record.revoke(token, searchParams.get('by') === 'operator');
				if (revoked !== undefined) this.#end();
				return answer(revoked);
			}
			case '/count': {
				const { count } = this.#parts;
				const counted = count.add({
					shareId: searchParams.get('share') ?? '',
					expiresAt: Date.now() + Number(searchParams.get('days')) * dayMs,
					isPaced: searchParams.has('paced')
				});
				const next = count.expire();
				if (next !== undefined) await this.ctx.storage.setAlarm(next);
				return answer(counted);
			}
			case '/uncount':
				this.#parts.count.drop(searchParams.get('share') ?? '');
				return new Response(null, { status: 204 });
			default:
				return nothing();
		}
	}

	/** A share's time is over, or that of the last one of an address: nothing of it stays, nor its name. */
	override async alarm(): Promise<void> {
		const next = this.#parts.record.expire() ?? this.#parts.count.expire();
		if (next !== undefined) return await this.ctx.storage.setAlarm(next);
		this.#sockets.closeAll();
		await this.ctx.storage.deleteAll();
		// The tables went too, and this object may be asked again.
		this.#parts = openParts(this.ctx.storage.sql);
	}

	override webSocketMessage(socket: WebSocket, text: string | ArrayBuffer): Promise<void> {
		return this.#sockets.receive(socket, text);
	}

	override webSocketClose(socket: WebSocket, code: number): void {
		this.#sockets.closed(socket, code);
	}

	#log(): LiveLog {
		return createLiveLog(this.#parts.live, () => Date.now());
	}

	/** Nothing of what was said stays, and whoever listens hears it now. */
	#end(): void {
		this.#parts.live.drop();
		this.#sockets.closeAll();
	}

	async #rebase(request: Request, token: string): Promise<Response> {
		const frame = readFrame(parseJson(request.headers.get(frameHeader) ?? ''));
		const meta = this.#log().meta();
		if (frame === undefined || meta === undefined || this.#parts.record.roleOf(token) !== 'owner')
			return nothing();
		const { shareId } = meta;
		const sealed = new Uint8Array(await request.arrayBuffer());
		const isSigned = await shareVerifier(meta.ownerKey)(frameText(shareId, frame), frame.sig);
		const hash = await frameHash(shareId, frame);
		if (!isSigned || this.#parts.record.roleOf(token) !== 'owner' || !this.#log().rebase(frame, hash))
			return new Response(null, { status: 409 });
		this.#parts.record.replace(token, sealed);
		await this.ctx.storage.sync();
		this.#sockets.tell({ type: 'frame', frame });
		// Nothing to read: a body that nobody takes would keep the object awake.
		return new Response(null, { status: 204 });
	}

	/** Its name is its owner's key, and its first frame is signed with that. */
	async #begin({ shareId, live }: NewShare): Promise<(() => void) | undefined> {
		if (live === undefined) return () => undefined;
		const { ownerKey, writeKey, frame } = live;
		const isSigned = await shareVerifier(ownerKey)(frameText(shareId, frame), frame.sig);
		if (!isSigned || (await ownedShareId(ownerKey)) !== shareId) return undefined;
		const hash = await frameHash(shareId, frame);
		return () => {
			const text = JSON.stringify(frame);
			this.#parts.live.addFrame(0, text);
			const writers = writeKey === undefined ? {} : { writeKey };
			this.#parts.live.setLive({
				shareId,
				ownerKey,
				...writers,
				base: 0,
				seq: 0,
				hash,
				size: text.length,
				words: 0
			});
		};
	}

	async #create(request: Request, counter: string): Promise<Response> {
		const asked = newShare.safeParse(parseJson(request.headers.get(shareHeader) ?? ''));
		if (!asked.success) return nothing();
		const sealed = new Uint8Array(await request.arrayBuffer());
		const begin = await this.#begin(asked.data);
		if (begin === undefined) return nothing();
		const { record } = this.#parts;
		const state = record.create({ ...asked.data, counter }, sealed);
		if (state === undefined) return new Response(null, { status: record.isCountedBy(counter) ? 409 : 410 });
		begin();
		await this.ctx.storage.setAlarm(state.expiresAt);
		return answer(state);
	}

	/** So often a minute and link, by those who may: somebody who only knows its name shuts nobody out. */
	#crowded(): Response | undefined {
		const refusal = this.#buckets.take('link', '', Date.now());
		if (refusal === undefined) return undefined;
		return new Response(null, { status: 429, headers: { 'retry-after': String(refusal.retryAfter) } });
	}

	#read(token: string): Response {
		const { record } = this.#parts;
		if (record.roleOf(token) !== 'reader') return nothing();
		const crowded = this.#crowded();
		if (crowded !== undefined) return crowded;
		const open = record.open(token);
		if (open === undefined) return nothing();
		const body = streamPieces(open.size, (index) => open.piece(index));
		return new Response(body, { headers: { 'x-size': String(open.size) } });
	}
}

function answer(data: unknown): Response {
	return data === undefined ? nothing() : Response.json(data);
}
