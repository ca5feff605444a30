/**
 * Readers of a fan-out as plain sockets, so that what is measured is the server and not a client library: they
 * keep what comes and when, and are taken apart once the clock has stopped.
 */

import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

export interface Subscriber {
	/** What came, in pieces as they came. */
	readonly pieces: Buffer[];
	/** When each of them came. */
	readonly times: number[];
	/** Resolves when `text` stands in what came since the last call. */
	until(text: string): Promise<void>;
	close(): void;
}

/** Asks with these header lines, and reads whatever comes. */
export async function subscribe(port: number, request: readonly string[]): Promise<Subscriber> {
	const socket: Socket = connect(port, '127.0.0.1');
	await once(socket, 'connect');
	socket.setNoDelay(true);
	const pieces: Buffer[] = [];
	const times: number[] = [];
	let tail = '';
	let wanted: { readonly text: string; readonly resolve: () => void } | undefined;
	const look = (): void => {
		if (wanted === undefined || !tail.includes(wanted.text)) return;
		tail = '';
		wanted.resolve();
		wanted = undefined;
	};
	socket.on('data', (piece: Buffer) => {
		times.push(performance.now());
		pieces.push(piece);
		// The end of a piece is enough, and the marks are short: a flood must not be searched byte by byte.
		tail = (tail + piece.toString('latin1', Math.max(0, piece.length - 400))).slice(-400);
		look();
	});
	socket.on('error', () => undefined);
	socket.write([...request, '', ''].join('\r\n'));
	return {
		pieces,
		times,
		until: (text) =>
			new Promise((resolve) => {
				wanted = { text, resolve };
				look();
			}),
		close: () => socket.destroy()
	};
}

export const getRequest = (path: string): readonly string[] => [`GET ${path} HTTP/1.1`, 'Host: bench'];

export const upgradeRequest = (path: string): readonly string[] => [
	...getRequest(path),
	'Upgrade: websocket',
	'Connection: Upgrade',
	'Sec-WebSocket-Version: 13',
	`Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}`
];

/** A part of what came, and when the last byte of it was there. */
export interface Arrival {
	readonly text: string;
	readonly at: number;
}

/** The messages of a WebSocket, none longer than 64 kB. */
export function webSocketMessages(from: Subscriber): Arrival[] {
	const { bytes, timeAt } = wholeOf(from);
	const found: Arrival[] = [];
	for (let at = 0; at + 2 <= bytes.length;) {
		const short = (bytes[at + 1] ?? 0) & 0x7f;
		const start = at + (short === 126 ? 4 : 2);
		const end = start + (short === 126 ? bytes.readUInt16BE(at + 2) : short);
		if (end > bytes.length) break;
		found.push({ text: bytes.toString('latin1', start, end), at: timeAt(end) });
		at = end;
	}
	return found;
}

/** The events of a chunked answer. */
export function serverSentEvents(from: Subscriber): Arrival[] {
	const { bytes, timeAt } = wholeOf(from);
	const found: Arrival[] = [];
	let text = '';
	for (let at = 0; at < bytes.length;) {
		const line = bytes.indexOf('\r\n', at);
		const size = Number.parseInt(bytes.toString('latin1', at, line), 16);
		if (line < 0 || !(size > 0)) break;
		const end = line + 2 + size;
		text += bytes.toString('latin1', line + 2, end);
		const events = text.split('\n\n');
		text = events.pop() ?? '';
		for (const event of events) found.push({ text: event, at: timeAt(end) });
		at = end + 2;
	}
	return found;
}

/** Without the head of the answer. */
function wholeOf({ pieces, times }: Subscriber) {
	const all = Buffer.concat(pieces);
	const head = all.indexOf('\r\n\r\n') + 4;
	const ends: number[] = [];
	for (const piece of pieces) ends.push((ends.at(-1) ?? 0) + piece.length);
	let piece = 0;
	return {
		bytes: all.subarray(head),
		/** Asked in ascending order. */
		timeAt(end: number): number {
			while ((ends[piece] ?? Infinity) < head + end) piece += 1;
			return times[piece] ?? Number.NaN;
		}
	};
}
