/**
 * The Durable Object around a room: one object a home, named by the room's id. It sleeps under open
 * sockets; all that a socket is remembered by lies in its attachment.
 */

import { DurableObject } from 'cloudflare:workers';
import * as z from 'zod/mini';
import { genesisOf } from '../../agent/sync/signature';
import { roomId, type FromRoom } from '../../wire/sync';
import { toBase64Url } from '../../wire/device';
import { isLimited } from '../rate-limit';
import { fullAllowance, quota, spend, type Allowance } from './quota';
import { receive, type May } from './receive';
import { createRoom, type Room } from './room';
import { closeCodes, farewell, flow, newPlace, type SocketPlace } from './socket';
import { createSqliteRoomStore } from './sqlite-room';

const attachment = z.object({
	room: roomId,
	nonce: z.string(),
	kid: z.optional(z.string()),
	sent: z.number(),
	got: z.number(),
	bytes: z.number(),
	isReset: z.boolean()
});

export class SyncRoom extends DurableObject<Env> {
	#room: Room | undefined;
	/** Forgotten when the object sleeps: whoever is quiet for so long has it all again. */
	readonly #allowances = new Map<string, Allowance>();
	/** Frames are taken one at a time: a signature is checked between two of them. */
	#last: Promise<void> = Promise.resolve();

	constructor(state: DurableObjectState, env: Env) {
		super(state, env);
		state.setWebSocketAutoResponse(new WebSocketRequestResponsePair('{"type":"ping"}', '{"type":"pong"}'));
	}

	override fetch(request: Request): Response {
		const id = roomId.safeParse(new URL(request.url).pathname.slice(1));
		if (!id.success) return new Response(null, { status: 404 });
		const { 0: client, 1: server } = new WebSocketPair();
		this.ctx.acceptWebSocket(server);
		const nonce = toBase64Url(crypto.getRandomValues(new Uint8Array(16)));
		keep(server, id.data, newPlace(nonce));
		send(server, { type: 'challenge', nonce });
		return new Response(null, { status: 101, webSocket: client });
	}

	override webSocketMessage(socket: WebSocket, frame: string | ArrayBuffer): Promise<void> {
		const next = this.#last.then(() => this.#take(socket, frame));
		this.#last = next.catch(() => undefined);
		return next;
	}

	override webSocketClose(socket: WebSocket, code: number): void {
		// What a browser leaves without a code may not be sent back as one.
		socket.close(code === 1005 || code === 1006 ? 1000 : code);
	}

	async #take(socket: WebSocket, frame: string | ArrayBuffer): Promise<void> {
		const found = read(socket);
		if (found === undefined || typeof frame !== 'string') {
			socket.close(closeCodes.protocol);
			return;
		}
		const { id } = found;
		const room = this.#roomOf(id);
		const said = await receive(room, id, () => read(socket)?.place ?? found.place, frame, this.#may);
		keep(socket, id, said.place);
		if (said.hasStored === true) await this.ctx.storage.sync();
		for (const message of said.send) send(socket, message);
		if (said.close !== undefined) socket.close(said.close);
		for (const kid of said.revoked ?? []) this.#dismiss(room, kid);
		for (const one of this.ctx.getWebSockets()) this.#flow(room, one);
	}

	readonly #may: May = (kid, { ct, header }) => {
		const now = Date.now();
		const size = ct.length;
		// A snapshot makes room, and somebody who has to go must be able to.
		const isFull = this.ctx.storage.sql.databaseSize + size > quota.roomBytes;
		if (isFull && header.purpose.kind === 'ops') return 'full';
		if (!isLimited(this.env)) return 'yes';
		const left = spend(this.#allowances.get(kid) ?? fullAllowance(now), size, now);
		if (left === undefined) return 'slow';
		this.#allowances.set(kid, left);
		return 'yes';
	};

	#flow(room: Room, socket: WebSocket): void {
		const found = read(socket);
		if (found === undefined || socket.readyState !== WebSocket.OPEN) return;
		const said = flow(room, found.place);
		if (said.send.length === 0) return;
		keep(socket, found.id, said.place);
		for (const message of said.send) send(socket, message);
	}

	#dismiss(room: Room, kid: string): void {
		for (const socket of this.ctx.getWebSockets()) {
			const place = read(socket)?.place;
			if (place?.kid !== kid) continue;
			send(socket, farewell(room, kid, place.got));
			socket.close(closeCodes.revoked);
		}
	}

	#roomOf(id: string): Room {
		this.#room ??= createRoom(id, genesisOf(id), createSqliteRoomStore(this.ctx.storage.sql));
		return this.#room;
	}
}

function keep(socket: WebSocket, id: string, place: SocketPlace): void {
	socket.serializeAttachment({ room: id, ...place });
}

function read(socket: WebSocket): { readonly id: string; readonly place: SocketPlace } | undefined {
	const found = attachment.safeParse(socket.deserializeAttachment());
	if (!found.success) return undefined;
	const { room: id, kid, ...rest } = found.data;
	return { id, place: kid === undefined ? rest : { ...rest, kid } };
}

function send(socket: WebSocket, message: FromRoom): void {
	try {
		socket.send(JSON.stringify(message));
	} catch {
		// It has gone; it will ask again from where it stood.
	}
}
