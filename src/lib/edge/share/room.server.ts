/**
 * The Durable Object around a share, named by its id; and around an address's count of shares, named by
 * `of:` and a hash. It turns requests of our own edge into calls of the pure parts beside it.
 */

import { DurableObject } from 'cloudflare:workers';
import { parseJson } from '../../wire/json';
import { shareLimits } from '../../wire/share';
import { frameHeader, newShare, shareHeader, type NewShare } from '../../wire/share-api';
import { frameHash, frameText } from '../../wire/share-frames';
import { liveProtocol, readFrame } from '../../wire/share-live';
import { ownedShareId, shareVerifier } from '../../wire/share-sign';
import { streamPieces } from '../sealed/pieces';
import { createLiveLog, type LiveLog } from './live-log';
import { LiveSockets } from './live-sockets';
import { countShare, type CountStore } from './share-count';
import { createShareRecord, type ShareRecord } from './share-record';
import { createSqliteLiveStore } from './sqlite-live';
import { createSqliteCountStore, createSqliteShareStore } from './sqlite-share';

const dayMs = 24 * 60 * 60 * 1000;
const nothing = (): Response => new Response(null, { status: 404 });

export class ShareRoom extends DurableObject {
	#record: ShareRecord;
	readonly #count: CountStore;
	readonly #sockets: LiveSockets;
	#live: ReturnType<typeof createSqliteLiveStore>;

	constructor(state: DurableObjectState, env: Env) {
		super(state, env);
		this.#record = openRecord(state);
		this.#count = createSqliteCountStore(state.storage.sql);
		this.#live = createSqliteLiveStore(state.storage.sql);
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
				const role = this.#record.roleOf(token);
				return role === undefined ? nothing() : this.#sockets.open(role, liveProtocol);
			}
			case '/base':
				return await this.#rebase(request, token);
			case '/state': {
				const state = this.#record.state(token);
				const isLive = state !== undefined && this.#log().meta() !== undefined;
				return answer(isLive ? { ...state, readers: this.#sockets.readers() } : state);
			}
			case '/revoke': {
				const revoked = this.#record.revoke(token, searchParams.get('by') === 'operator');
				if (revoked !== undefined) this.#end();
				return answer(revoked);
			}
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
		this.#sockets.closeAll();
		await this.ctx.storage.deleteAll();
		// The tables went too, and this object may be asked again.
		this.#record = openRecord(this.ctx);
		this.#live = createSqliteLiveStore(this.ctx.storage.sql);
	}

	override webSocketMessage(socket: WebSocket, text: string | ArrayBuffer): Promise<void> {
		return this.#sockets.receive(socket, text);
	}

	override webSocketClose(socket: WebSocket, code: number): void {
		this.#sockets.closed(socket, code);
	}

	#log(): LiveLog {
		return createLiveLog(this.#live, () => Date.now());
	}

	/** Nothing of what was said stays, and whoever listens hears it now. */
	#end(): void {
		this.#live.drop();
		this.#sockets.closeAll();
	}

	async #rebase(request: Request, token: string): Promise<Response> {
		const frame = readFrame(parseJson(request.headers.get(frameHeader) ?? ''));
		const meta = this.#log().meta();
		if (frame === undefined || meta === undefined || this.#record.roleOf(token) !== 'owner') return nothing();
		const { shareId } = meta;
		const sealed = new Uint8Array(await request.arrayBuffer());
		const isSigned = await shareVerifier(meta.ownerKey)(frameText(shareId, frame), frame.sig);
		const hash = await frameHash(shareId, frame);
		if (!isSigned || this.#record.roleOf(token) !== 'owner' || !this.#log().rebase(frame, hash))
			return new Response(null, { status: 409 });
		this.#record.replace(token, sealed);
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
			this.#live.addFrame(0, text);
			const writers = writeKey === undefined ? {} : { writeKey };
			this.#live.setLive({
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
		const state = this.#record.create({ ...asked.data, counter }, sealed);
		if (state === undefined) return new Response(null, { status: 409 });
		begin();
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
