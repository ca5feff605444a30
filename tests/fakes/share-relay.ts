/**
 * The relay of a live share in memory: the very log that ships, over a store of maps, with sockets that a test can
 * tamper with. What its object in workerd does besides (roles, sleep, limits of readers) is tested there.
 */

import type { OpenSocket } from '../../src/lib/agent/ports';
import { createLiveLog, type LiveLog, type LiveStore } from '../../src/lib/edge/share/live-log';
import {
	beatText,
	frameHash,
	frameText,
	wordText,
	type Beat,
	type Frame
} from '../../src/lib/wire/share-frames';
import { readToShare, type FromShare } from '../../src/lib/wire/share-live';
import { shareVerifier } from '../../src/lib/wire/share-sign';

export function createMemoryLiveStore(): LiveStore {
	let meta: ReturnType<LiveStore['live']>;
	let place = 0;
	const frames = new Map<number, string>();
	const writers = new Map<string, { n: number; at: number }>();
	const words = new Map<number, string>();
	return {
		live: () => meta,
		setLive: (next) => void (meta = next),
		addFrame: (seq, text) => void frames.set(seq, text),
		frame: (seq) => frames.get(seq),
		dropFrames: () => frames.clear(),
		writer: (from) => writers.get(from),
		setWriter: (from, n, at) => void writers.set(from, { n, at }),
		writers: () => writers.size,
		addWord(text) {
			words.set(++place, text);
			return place;
		},
		words: (after) => [...words].flatMap(([at, text]) => (at > after ? [{ place: at, text }] : [])),
		dropWords(upTo) {
			for (const at of words.keys()) if (at <= upTo) words.delete(at);
		}
	};
}

export interface ShareRelay {
	readonly log: LiveLog;
	readonly owner: OpenSocket;
	readonly reader: OpenSocket;
	/** Every text that went over a socket, both ways, and what is stored. */
	readonly wire: string[];
	base: Uint8Array<ArrayBuffer>;
	putBase(sealed: Uint8Array<ArrayBuffer>, frame: Frame): Promise<'kept' | 'refused'>;
	/** Says something to the owner that nobody sent. */
	inject(message: FromShare): void;
	/** Breaks every connection. */
	cut(): void;
	/** Resolves when nothing is on its way. */
	quiet(): Promise<void>;
}

export async function createShareRelay(start: {
	readonly shareId: string;
	readonly ownerKey: string;
	readonly writeKey?: string;
	readonly base: Uint8Array<ArrayBuffer>;
	readonly frame: Frame;
	readonly now?: () => number;
}): Promise<ShareRelay> {
	const { shareId, ownerKey, writeKey } = start;
	const store = createMemoryLiveStore();
	const log = createLiveLog(store, start.now ?? (() => Date.now()));
	const hash = await frameHash(shareId, start.frame);
	const text = JSON.stringify(start.frame);
	store.addFrame(0, text);
	const writers = writeKey === undefined ? {} : { writeKey };
	store.setLive({ shareId, ownerKey, ...writers, base: 0, seq: 0, hash, size: text.length, words: 0 });
	const byOwner = shareVerifier(ownerKey);
	const wire: string[] = [text];
	interface Line {
		readonly role: 'owner' | 'reader';
		readonly message: (text: string) => void;
		readonly closed: (code: number) => void;
		isReading: boolean;
	}
	const lines = new Set<Line>();
	let last: Promise<unknown> = Promise.resolve();
	let beat: Beat | undefined;

	function tell(line: Line, message: FromShare): void {
		const said = JSON.stringify(message);
		wire.push(said);
		queueMicrotask(() => {
			if (lines.has(line)) line.message(said);
		});
	}
	function tellReaders(message: FromShare): void {
		for (const line of lines) if (line.isReading) tell(line, message);
	}
	const readers = () => [...lines].filter(({ role }) => role === 'reader').length;

	async function take(line: Line, said: string): Promise<void> {
		const message = readToShare(said);
		if (message === undefined || !lines.has(line)) return;
		switch (message.type) {
			case 'read':
				for (const frame of log.after(message.after)) tell(line, { type: 'frame', frame });
				line.isReading = true;
				if (beat !== undefined) tell(line, { type: 'beat', beat });
				for (const owner of lines)
					if (owner.role === 'owner') tell(owner, { type: 'readers', readers: readers() });
				return;
			case 'frame': {
				const { frame } = message;
				const isSigned = await byOwner(frameText(shareId, frame), frame.sig);
				const how = isSigned ? log.append(frame, await frameHash(shareId, frame)) : 'refused';
				if (how === 'kept') tellReaders({ type: 'frame', frame });
				return tell(line, { type: 'kept', n: frame.seq, how });
			}
			case 'beat':
				if (!(await byOwner(beatText(shareId, message.beat), message.beat.sig))) return;
				({ beat } = message);
				return tellReaders({ type: 'beat', beat });
			case 'took':
				return log.took(message.place);
			case 'word': {
				const { word } = message;
				const isSigned = await shareVerifier(writeKey ?? '')(wordText(shareId, word), word.sig);
				const { how, place } = isSigned ? log.say(word) : { how: 'refused' as const, place: 0 };
				for (const owner of lines)
					if (how === 'kept' && owner.role === 'owner') tell(owner, { type: 'word', place, word });
				tell(line, { type: 'kept', n: word.n, how });
			}
		}
	}

	const open =
		(role: Line['role']): OpenSocket =>
		(_address, _protocols, on) => {
			const line: Line = { role, ...on, isReading: false };
			lines.add(line);
			const seq = log.meta()?.seq ?? 0;
			const [newest] = role === 'owner' ? log.after(seq - 1) : [];
			const proof = newest === undefined ? {} : { last: newest };
			tell(line, { type: 'hello', ownerKey, seq, readers: readers(), ...proof });
			return {
				send(said) {
					wire.push(said);
					last = last.then(() => take(line, said));
				},
				close() {
					if (lines.delete(line)) queueMicrotask(() => line.closed(1000));
				}
			};
		};

	const relay: ShareRelay = {
		log,
		owner: open('owner'),
		reader: open('reader'),
		wire,
		base: start.base,
		async putBase(sealed, frame) {
			wire.push(JSON.stringify(frame), Buffer.from(sealed).toString('latin1'));
			const isSigned = await byOwner(frameText(shareId, frame), frame.sig);
			if (!isSigned || !log.rebase(frame, await frameHash(shareId, frame))) return 'refused';
			relay.base = sealed;
			tellReaders({ type: 'frame', frame });
			return 'kept';
		},
		inject(message) {
			for (const line of lines) if (line.role === 'owner') tell(line, message);
		},
		cut() {
			for (const line of lines) {
				lines.delete(line);
				line.closed(1006);
			}
		},
		async quiet() {
			for (let seen: unknown; seen !== last;) {
				seen = last;
				await last;
				await new Promise((done) => setTimeout(done, 0));
			}
		}
	};
	return relay;
}
