/**
 * A visitor at a live share: the socket, what becomes of it, and what is shown. It comes back by itself and asks from
 * where it stood; what it cannot vouch for is not shown, and the person is told.
 */

import { toBase64Url } from '../../wire/base64';
import { AppError, toAppError, type ErrorId } from '../../wire/errors';
import type { SharedReading } from '../../wire/share';
import { deriveLiveKeys, sealWord } from '../../wire/share-frames';
import { deriveShareKeys } from '../../wire/share-keys';
import type { ShareLink } from '../../wire/share-link';
import {
	liveClose,
	liveProtocol,
	readFromShare,
	silentAfterMs,
	tokenProtocol,
	type FromShare,
	type Kept,
	type ToShare
} from '../../wire/share-live';
import { writeSigner } from '../../wire/share-sign';
import type { NetworkPort, OpenSocket, SocketPort } from '../ports';
import { createFollower } from './follow-share';
import { openWith, secretOf } from './open-share';
import { readShared } from './read-shared';

export interface LiveView {
	readonly reading: SharedReading;
	/** `live`: the sharer has said so just now · `away`: nobody publishes · `apart`: no connection · `over`: revoked or expired. */
	readonly state: 'live' | 'away' | 'apart' | 'over';
	/** Something came that the sharer had not signed, or not in this order. */
	readonly isTampered: boolean;
}

export interface LiveReader {
	/** Absent where the link may only read. */
	readonly say?: (name: string, text: string) => Promise<Kept | 'apart'>;
	close(): void;
}

export interface LiveReaderPorts {
	readonly fetch: NetworkPort;
	readonly openSocket: OpenSocket;
	readonly random: (length: number) => Uint8Array<ArrayBuffer>;
	/** Runs later; answers with a function that stops it. */
	readonly after: (ms: number, run: () => void) => () => void;
	readonly show: (view: LiveView) => void;
}

/** Resolves when there is something to read. Throws what a person is told instead. */
export async function followLive(
	link: ShareLink,
	passphrase: string,
	ports: LiveReaderPorts
): Promise<LiveReader> {
	const secret = await secretOf(link, passphrase);
	const [keys, live] = await Promise.all([deriveShareKeys(secret), deriveLiveKeys(secret)]);
	const fetchBase = async () => {
		const { text, hash } = await openWith(link, keys, ports.fetch);
		const reading = readShared(text);
		return reading && { reading, hash };
	};
	// Says what is wrong with a link, and takes the first base: most often it is still the one when the log comes.
	let first = await fetchBase();
	const follower = createFollower({
		shareId: link.shareId,
		keys: live,
		fetchBase() {
			const taken = first;
			first = undefined;
			return taken === undefined ? fetchBase() : Promise.resolve(taken);
		}
	});
	const address = `${link.origin.replace(/^http/, 'ws')}/api/shares/${link.shareId}/live`;
	let socket: SocketPort | undefined;
	let state: LiveView['state'] = 'apart';
	let isTampered = false;
	let failures = 0;
	let gaps = 0;
	let isClosed = false;
	let silence: () => void = () => undefined;
	let last: Promise<unknown> = Promise.resolve();
	const waiting = new Map<number, (how: Kept | 'apart') => void>();
	const { promise: opened, resolve: onOpened, reject: onFailed } = Promise.withResolvers<undefined>();

	function show(): void {
		const reading = follower.reading();
		if (reading === undefined) return;
		onOpened(undefined);
		if (!isClosed) ports.show({ reading, state, isTampered });
	}
	function become(next: LiveView['state']): void {
		silence();
		if (next === 'live') silence = ports.after(silentAfterMs, () => become('away'));
		state = next;
		show();
	}
	const say = (message: ToShare) => socket?.send(JSON.stringify(message));

	function connect(): void {
		const mine = ports.openSocket(address, [liveProtocol, tokenProtocol(keys.readToken)], {
			message: (text) => {
				last = last.then(() => (socket === mine ? receive(text) : undefined)).catch(fail);
			},
			closed: (code) => {
				if (socket === mine) void last.then(() => leave(code));
			}
		});
		socket = mine;
	}

	async function receive(text: string): Promise<void> {
		const message = readFromShare(text);
		if (message === undefined) return;
		const became = await follower.receive(message);
		if (became === 'forged') isTampered = true;
		if (became === 'forged' && follower.reading() === undefined) throw new AppError('share/damaged');
		if (became === 'gap') {
			// Missing once is a connection that broke at a bad moment; again and again it is somebody.
			if (++gaps > maximumGaps) isTampered = true;
			socket?.close();
			return leave(0);
		}
		if (became === 'live') failures = gaps = 0;
		heard(message, became === 'live');
	}

	function heard(message: FromShare, isLive: boolean): void {
		if (message.type === 'hello') say({ type: 'read', after: follower.seq() });
		if (message.type === 'kept') {
			waiting.get(message.n)?.(message.how);
			waiting.delete(message.n);
		}
		if (message.type === 'away') return become('away');
		if (isLive) return become('live');
		if (state === 'apart' && follower.reading() !== undefined) return become('away');
		show();
	}

	function leave(code: number): void {
		socket = undefined;
		for (const answer of waiting.values()) answer('apart');
		waiting.clear();
		if (isClosed) return;
		if (code === liveClose.gone) return become('over');
		become('apart');
		failures++;
		ports.after(Math.min(500 * 2 ** Math.min(failures, 6), 20_000), () => void again());
	}

	/** A socket that is refused does not say why: the reader's own address does. */
	async function again(): Promise<void> {
		if (isClosed) return;
		if (failures > 1) {
			const found = await fetchBase().catch((thrown: unknown) => errorOf(thrown));
			if (found === 'share/not-found')
				return follower.reading() === undefined ? fail(new AppError(found)) : become('over');
			if (follower.reading() === undefined && failures > maximumFailures)
				return fail(new AppError('share/unavailable'));
		}
		connect();
	}

	function fail(thrown: unknown): void {
		if (follower.reading() === undefined) {
			isClosed = true;
			socket?.close();
			onFailed(toAppError(thrown, 'share/unavailable'));
		} else leave(0);
	}

	connect();
	await opened;
	const writer = link.writeSeed === undefined ? undefined : await writeSigner(link.writeSeed);
	const from = toBase64Url(ports.random(16));
	let n = 0;
	return {
		...(writer === undefined
			? {}
			: {
					async say(name, text) {
						const place = { from, n: ++n };
						const sealing = { shareId: link.shareId, signer: writer, random: ports.random, key: live.words };
						const word = await sealWord({ name, text }, place, sealing);
						if (socket === undefined) return 'apart';
						const { promise, resolve } = Promise.withResolvers<Kept | 'apart'>();
						waiting.set(word.n, resolve);
						say({ type: 'word', word });
						return promise;
					}
				}),
		close() {
			isClosed = true;
			silence();
			socket?.close();
		}
	};
}

const maximumGaps = 3;
const maximumFailures = 3;
const errorOf = (thrown: unknown): ErrorId => toAppError(thrown, 'share/unavailable').id;
