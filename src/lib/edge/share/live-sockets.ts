/**
 * Who is at a live share now: one owner who writes, readers who are told, and participants' words on their way. It
 * sleeps under open sockets: a socket's role lies in its tag, how far a reader is in its attachment.
 */

import { frameHash, frameText, beatText, wordText, type Beat } from '../../wire/share-frames';
import { liveClose, liveLimits, readToShare, type FromShare, type ToShare } from '../../wire/share-live';
import { shareVerifier } from '../../wire/share-sign';
import type { LiveLog } from './live-log';

export type LiveRole = 'owner' | 'reader';

export class LiveSockets {
	/** Of this waking: a beat older than that says nothing. */
	#beat: Beat | undefined;
	/** One at a time: a signature is checked between two of them. */
	#last: Promise<void> = Promise.resolve();

	constructor(
		readonly ctx: DurableObjectState,
		readonly log: () => LiveLog
	) {}

	open(role: LiveRole, protocol: string): Response {
		const meta = this.log().meta();
		if (meta === undefined) return new Response(null, { status: 404 });
		if (role === 'reader' && this.#of('reader').length >= liveLimits.readers)
			return new Response(null, { status: 429 });
		const { 0: client, 1: server } = new WebSocketPair();
		// The same owner after a reload, or from another tab: the newest one writes.
		if (role === 'owner') for (const old of this.#of('owner')) old.close(liveClose.replaced);
		this.ctx.acceptWebSocket(server, [role]);
		const { ownerKey, seq } = meta;
		const readers = this.#of('reader').length;
		const [last] = role === 'owner' ? this.log().after(seq - 1) : [];
		send(server, { type: 'hello', ownerKey, seq, readers, ...(last === undefined ? {} : { last }) });
		if (role === 'owner')
			for (const { place, word } of this.log().waiting()) send(server, { type: 'word', place, word });
		return new Response(null, {
			status: 101,
			webSocket: client,
			headers: { 'sec-websocket-protocol': protocol }
		});
	}

	receive(socket: WebSocket, text: string | ArrayBuffer): Promise<void> {
		const next = this.#last.then(() => this.#take(socket, text));
		this.#last = next.catch(() => undefined);
		return next;
	}

	closed(socket: WebSocket, code: number): void {
		// What a browser leaves without a code may not be sent back as one.
		socket.close(code === 1005 || code === 1006 ? 1000 : code);
		const rest = (role: LiveRole) => this.#of(role).filter((one) => one !== socket);
		if (roleOf(this.ctx, socket) === 'owner') {
			if (rest('owner').length > 0) return;
			this.#beat = undefined;
			for (const reader of rest('reader')) send(reader, { type: 'away' });
		} else this.#tellReaders(rest('reader').length);
	}

	/** A new base came over HTTP: its frame goes the way of all frames. */
	tell(message: FromShare): void {
		for (const reader of this.#of('reader')) if (isReading(reader)) send(reader, message);
	}

	/** Revoked, taken down or over. */
	closeAll(): void {
		for (const socket of this.ctx.getWebSockets()) socket.close(liveClose.gone);
	}

	readers(): number {
		return this.#of('reader').length;
	}

	async #take(socket: WebSocket, text: string | ArrayBuffer): Promise<void> {
		const message = typeof text === 'string' ? readToShare(text) : undefined;
		const role = roleOf(this.ctx, socket);
		if (message === undefined || this.log().meta() === undefined || !fits(message, role)) {
			socket.close(liveClose.protocol);
			return;
		}
		const { shareId = '', ownerKey = '', writeKey = '' } = this.log().meta() ?? {};
		switch (message.type) {
			case 'read': {
				// The whole log again and again would be the relay's traffic for nothing.
				if (isReading(socket)) return socket.close(liveClose.protocol);
				for (const frame of this.log().after(message.after)) send(socket, { type: 'frame', frame });
				socket.serializeAttachment({ reading: true, said: 0 });
				if (this.#beat !== undefined) send(socket, { type: 'beat', beat: this.#beat });
				this.#tellReaders(this.#of('reader').length);
				return;
			}
			case 'frame': {
				const { frame } = message;
				const isSigned = await shareVerifier(ownerKey)(frameText(shareId, frame), frame.sig);
				const hash = isSigned ? await frameHash(shareId, frame) : '';
				// Revoked, or replaced by a newer owner, while it was checked.
				if (socket.readyState !== WebSocket.OPEN) return;
				const how = isSigned ? this.log().append(frame, hash) : 'refused';
				if (how === 'kept') {
					await this.ctx.storage.sync();
					this.tell({ type: 'frame', frame });
				}
				send(socket, { type: 'kept', n: frame.seq, how });
				return;
			}
			case 'beat': {
				const { beat } = message;
				if (!(await shareVerifier(ownerKey)(beatText(shareId, beat), beat.sig))) return;
				if (beat.seq > (this.log().meta()?.seq ?? -1)) return;
				this.#beat = beat;
				this.tell({ type: 'beat', beat });
				return;
			}
			case 'took':
				this.log().took(message.place);
				return;
			case 'word': {
				const { word } = message;
				const isSigned =
					writeKey !== '' && (await shareVerifier(writeKey)(wordText(shareId, word), word.sig));
				if (socket.readyState !== WebSocket.OPEN) return;
				// A visitor may call themselves anew for each word; a line costs them more.
				if (isSigned && Date.now() - saidAt(socket) < liveLimits.wordEveryMs)
					return send(socket, { type: 'kept', n: word.n, how: 'fast' });
				const { how, place } = isSigned ? this.log().say(word) : { how: 'refused' as const, place: 0 };
				if (how === 'kept') {
					socket.serializeAttachment({ reading: isReading(socket), said: Date.now() });
					await this.ctx.storage.sync();
					for (const owner of this.#of('owner')) send(owner, { type: 'word', place, word });
				}
				send(socket, { type: 'kept', n: word.n, how });
			}
		}
	}

	#tellReaders(readers: number): void {
		for (const owner of this.#of('owner')) send(owner, { type: 'readers', readers });
	}

	#of(role: LiveRole): WebSocket[] {
		return this.ctx.getWebSockets(role).filter((socket) => socket.readyState === WebSocket.OPEN);
	}
}

function fits({ type }: ToShare, role: LiveRole): boolean {
	return role === 'owner'
		? type === 'frame' || type === 'beat' || type === 'took'
		: type === 'read' || type === 'word';
}

function roleOf(ctx: DurableObjectState, socket: WebSocket): LiveRole {
	return ctx.getTags(socket).includes('owner') ? 'owner' : 'reader';
}

/** Until it has said from where, it is told nothing: what it missed comes first. */
function isReading(socket: WebSocket): boolean {
	const place: unknown = socket.deserializeAttachment();
	return typeof place === 'object' && place !== null && 'reading' in place && place.reading === true;
}

/** When its last word was kept; 0 for never. */
function saidAt(socket: WebSocket): number {
	const place: unknown = socket.deserializeAttachment();
	return typeof place === 'object' && place !== null && 'said' in place ? Number(place.said) : 0;
}

function send(socket: WebSocket, message: FromShare): void {
	try {
		socket.send(JSON.stringify(message));
	} catch {
		// It has gone; it will ask again from where it stood.
	}
}
