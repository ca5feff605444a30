/**
 * The owner's end of a live share's log: seals and signs what it is given, one frame at a time, each after the one
 * before is stored. Comes back by itself after a broken line. Where the log stands it learns from the relay, by a
 * frame with its own signature: nothing has to be kept on disk.
 */

import { parseJson, type Json } from '../../wire/json';
import {
	beatText,
	frameHash,
	frameText,
	sealFrame,
	type Frame,
	type LiveKeys,
	type Word
} from '../../wire/share-frames';
import {
	beatEveryMs,
	liveClose,
	liveLimits,
	liveProtocol,
	readFromShare,
	tokenProtocol,
	type FromShare,
	type Kept,
	type ToShare
} from '../../wire/share-live';
import { shareVerifier, type ShareSigner } from '../../wire/share-sign';
import type { Clock, OpenSocket, SocketPort } from '../ports';
import type { LiveChange } from './live-state';

/** `apart`: nobody knows, there was no connection or it broke. */
export type Written = Exclude<Kept, 'again' | 'fast'> | 'apart';

export interface LiveWriter {
	send(change: LiveChange): Promise<Written>;
	/** Sealed bytes as the new beginning of the log. */
	rebase(sealed: Uint8Array<ArrayBuffer>, hash: string, same: boolean): Promise<Written>;
	/** Frames since the base. */
	length(): number;
	isReady(): boolean;
	took(place: number): void;
	close(): void;
}

export interface LiveWriterPorts {
	/** `wss://…/api/shares/{id}/live` */
	readonly address: string;
	readonly token: string;
	readonly shareId: string;
	readonly signer: ShareSigner;
	readonly keys: LiveKeys;
	readonly random: (length: number) => Uint8Array<ArrayBuffer>;
	readonly clock: Clock;
	readonly openSocket: OpenSocket;
	readonly putBase: (sealed: Uint8Array<ArrayBuffer>, frame: Frame) => Promise<Written>;
	readonly on: {
		/** `isSame`: the log is as this writer left it. */
		readonly ready: (isSame: boolean) => void;
		readonly word: (place: number, word: Word) => void;
		/** Asked after a few failures: is there anything left to come back to? */
		readonly isGone: () => Promise<boolean>;
		/** Nothing more can be written: revoked, over, or another tab writes now. */
		readonly over: () => void;
	};
}

export function createLiveWriter(ports: LiveWriterPorts): LiveWriter {
	const { shareId, signer, clock, on } = ports;
	const sealing = { shareId, signer, random: ports.random, key: ports.keys.frames };
	const verify = shareVerifier(signer.publicKey);
	let head: { readonly seq: number; readonly hash: string } | undefined;
	let underway: { readonly seq: number; readonly hash: string; settle(how: Written): void } | undefined;
	let socket: SocketPort | undefined;
	let isReady = false;
	let isOver = false;
	let base = 0;
	let readers = 0;
	let failures = 0;
	let lastBeat = 0;
	let last: Promise<unknown> = Promise.resolve();

	const say = (message: ToShare): void => socket?.send(JSON.stringify(message));

	function connect(): void {
		const mine = ports.openSocket(ports.address, [liveProtocol, tokenProtocol(ports.token)], {
			message(text) {
				last = last.then(() => receive(mine, text)).catch(() => mine.close());
			},
			closed(code) {
				if (socket === mine) leave(code);
			}
		});
		socket = mine;
	}

	function leave(code: number): void {
		socket = undefined;
		isReady = false;
		underway?.settle('apart');
		if (isOver) return;
		if (code === liveClose.gone || code === liveClose.replaced) return end();
		failures++;
		void clock.sleep(Math.min(500 * 2 ** Math.min(failures, 7), 30_000)).then(async () => {
			if (isOver) return;
			if (failures > 2 && (await on.isGone())) end();
			else connect();
		});
	}

	function end(): void {
		isOver = true;
		on.over();
	}

	async function receive(from: SocketPort, text: string): Promise<void> {
		const message = readFromShare(text);
		if (message === undefined || from !== socket) return;
		switch (message.type) {
			case 'hello':
				return hello(message);
			case 'readers':
				({ readers } = message);
				return beat();
			case 'kept':
				if (message.n === underway?.seq) settle(message.how);
				return;
			case 'word':
				on.word(message.place, message.word);
				return;
			case 'frame':
			case 'beat':
			case 'away':
				return;
		}
	}

	async function hello(message: Extract<FromShare, { type: 'hello' }>): Promise<void> {
		const { last: newest } = message;
		// A relay that cannot show where the log stands gets nothing that could be taken for a second one.
		if (newest === undefined || !(await verify(frameText(shareId, newest), newest.sig)))
			return socket?.close();
		const hash = await frameHash(shareId, newest);
		if (hash === underway?.hash) settle('kept');
		const isSame = hash === head?.hash;
		head = { seq: newest.seq, hash };
		if (!isSame) base = newest.seq;
		({ readers } = message);
		failures = 0;
		isReady = true;
		on.ready(isSame);
		void beatOn(socket);
	}

	function settle(how: Kept): void {
		if (underway === undefined) return;
		const { seq, hash } = underway;
		const isKept = how === 'kept' || how === 'again';
		if (isKept) head = { seq, hash };
		underway.settle(isKept ? 'kept' : how === 'full' ? 'full' : 'refused');
	}

	async function beat(): Promise<void> {
		if (!isReady || head === undefined || readers === 0) return;
		lastBeat = Math.max(lastBeat + 1, clock.now());
		const content = { n: lastBeat, seq: head.seq };
		say({ type: 'beat', beat: { ...content, sig: await signer.sign(beatText(shareId, content)) } });
	}

	/** Nobody is woken for it while nobody reads. */
	async function beatOn(mine: SocketPort | undefined): Promise<void> {
		while (!isOver && socket === mine) {
			await beat();
			await clock.sleep(beatEveryMs);
		}
	}

	async function next(content: Json): Promise<{ frame: Frame; hash: string } | undefined> {
		if (!isReady || head === undefined || underway !== undefined) return undefined;
		const frame = await sealFrame(content, { seq: head.seq + 1, prev: head.hash }, sealing);
		return { frame, hash: await frameHash(shareId, frame) };
	}

	function settled(seq: number, hash: string): Promise<Written> {
		const { promise, resolve } = Promise.withResolvers<Written>();
		underway = {
			seq,
			hash,
			settle(how) {
				underway = undefined;
				resolve(how);
			}
		};
		return promise;
	}

	connect();
	return {
		async send(change) {
			const made = await next(parseJson(JSON.stringify(change)) ?? null);
			if (made === undefined) return 'apart';
			if (JSON.stringify(made.frame).length > liveLimits.frame) return 'full';
			const how = settled(made.frame.seq, made.hash);
			say({ type: 'frame', frame: made.frame });
			return how;
		},
		async rebase(sealed, hash, same) {
			const made = await next({ t: 'base', hash, same });
			if (made === undefined) return 'apart';
			const { seq } = made.frame;
			const how = settled(seq, made.hash);
			const put = await ports.putBase(sealed, made.frame);
			if (put === 'kept') base = seq;
			// Where the answer was lost, the next `hello` says what became of it.
			if (put === 'apart') socket?.close();
			else if (underway?.seq === seq) settle(put);
			return how;
		},
		length: () => (head?.seq ?? 0) - base,
		isReady: () => isReady && underway === undefined,
		took: (place) => say({ type: 'took', place }),
		close() {
			isOver = true;
			socket?.close();
		}
	};
}
