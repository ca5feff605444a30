/**
 * Publishes one shared branch as it grows, from the tab that runs the agent: what its readers have against what there
 * is now, at most four times a second, redacted before it is sealed. At the end of a turn the log begins anew with a
 * base, so that it stays short and a copy of the link holds everything.
 */

import { fromBase64Url, toBase64Url } from '../../wire/base64';
import { AppError } from '../../wire/errors';
import { shareLimits, type SharedReading } from '../../wire/share';
import { frameHeader } from '../../wire/share-api';
import { deriveLiveKeys } from '../../wire/share-frames';
import { deriveShareKeys, sha256 } from '../../wire/share-keys';
import { liveLimits } from '../../wire/share-live';
import { sealSnapshot } from '../../wire/share-seal';
import { shareSigner } from '../../wire/share-sign';
import type { OpenSocket } from '../ports';
import { createLiveAnswer, type LiveAnswer } from '../sharing/live-answer';
import { changesBetween, fullChange } from '../sharing/live-state';
import { createLiveWriter, type Written } from '../sharing/live-writer';
import { snapshotText } from '../sharing/snapshot';
import type { BusMessage } from '../view/bus';
import type { Host } from './host';
import { createInbox } from './live-inbox';
import {
	asOwner,
	askRelay,
	followedBranch,
	secretOfRow,
	setFull,
	sharedBranch,
	type LiveRow,
	type SharedBranch,
	type ShareRow
} from './share-rows';
import type { Turns } from './turns';

export interface Publisher {
	stop(): void;
}

export interface PublisherParts {
	readonly host: Host;
	readonly turns: Turns;
	readonly shareId: string;
	readonly row: ShareRow;
	readonly live: LiveRow;
	readonly openSocket: OpenSocket;
	/** Its session was. */
	readonly deleted: () => void;
}

const everyMs = 250;
const retryMs = 3_000;
/** A change that is larger than this goes as a base. */
const longestChange = liveLimits.frame / 2;

/** Undefined where its row is damaged. */
export async function createPublisher(parts: PublisherParts): Promise<Publisher | undefined> {
	const { host, shareId, row, live } = parts;
	const { sessionId, entryId, options } = live;
	const ownerSeed = fromBase64Url(live.ownerSeed);
	const secret = secretOfRow(row);
	if (ownerSeed?.length !== 32 || secret === undefined) return undefined;
	const signer = await shareSigner(ownerSeed);
	const [keys, liveKeys] = await Promise.all([deriveShareKeys(secret), deriveLiveKeys(secret)]);
	const { origin } = new URL(row.link);
	const address = `${origin}/api/shares/${shareId}`;
	const random = (length: number) => host.ports.random.bytes(length);
	const epoch = host.epoch();
	/** What the readers have; undefined: nobody here knows. */
	let sent: SharedReading | undefined;
	let answer: LiveAnswer | undefined;
	let settled: SharedBranch | undefined;
	let isStale = true;
	/** It has outgrown what a base may weigh: looked at again when a turn has ended. */
	let isFull = false;
	/** Times that a begun answer is waited for. */
	let patience = 6;
	let isWaiting = false;
	let isBusy = false;
	let isStopped = false;

	const isRunning = (): boolean => host.status.display(sessionId) === 'running';

	/** Undefined while the person is elsewhere: the readers keep what they have. */
	async function wanted(): Promise<SharedBranch | undefined> {
		// What was committed meanwhile is in no answer that is being written any more: it is read before that is.
		while (isStale) {
			isStale = false;
			await readBranch().catch((thrown: unknown) => {
				isStale = true;
				throw thrown;
			});
		}
		const item = settled && answer?.item(options, settled.own);
		if (settled === undefined || item === undefined) return settled;
		const { reading } = settled;
		const items = [...reading.items, item];
		return { ...settled, reading: { ...reading, items, busyAt: items.length - 1 } };
	}

	async function readBranch(): Promise<void> {
		const loaded = await host.repository.load(sessionId);
		const branch = followedBranch(loaded, entryId);
		const state = host.status.display(sessionId);
		const open = state === 'running' || state === 'held' ? { open: state } : {};
		settled =
			branch === undefined ? undefined : await sharedBranch(host, loaded, branch, { options, ...open });
	}

	function soon(ms = everyMs): void {
		if (isWaiting || isStopped) return;
		isWaiting = true;
		void host.ports.clock.sleep(ms).then(() => {
			isWaiting = false;
			if (host.epoch() !== epoch) return stop();
			void publish();
		});
	}

	async function publish(): Promise<void> {
		if (isStopped || isBusy || !writer.isReady()) return;
		isBusy = true;
		let how: Written = 'kept';
		try {
			how = await publishOnce();
		} catch {
			// An entry that cannot be read now, a disk that is full: what there is stays, and it is tried again.
			how = 'refused';
		}
		isBusy = false;
		if (how === 'refused') soon(retryMs);
	}

	async function publishOnce(): Promise<Written> {
		// After a reload in mid-answer: what had come is read again in a moment, and readers need not see it go.
		if (sent === undefined && answer === undefined && isRunning() && patience-- > 0) {
			soon();
			return 'kept';
		}
		const now = isFull && isRunning() ? undefined : await wanted();
		if (now === undefined) return 'kept';
		if (isFull) return rebase(now, false);
		const changes = sent === undefined ? undefined : changesBetween(sent, now.reading);
		if (changes?.length === 0 && (isRunning() || writer.length() === 0)) return 'kept';
		const isLong = changes === undefined || JSON.stringify(changes).length > longestChange;
		if (isLong || changes.length === 0) return rebase(now, !isLong);
		for (const change of changes) {
			const how = await writer.send(change);
			if (how === 'full') return rebase(now, false);
			if (how !== 'kept') sent = undefined;
			if (how !== 'kept') return how;
		}
		sent = now.reading;
		soon();
		return 'kept';
	}

	/** `same`: whoever has followed so far has all of it. */
	async function rebase(now: SharedBranch, same: boolean): Promise<Written> {
		const text = snapshotText({ ...now, now: host.ports.clock.now() });
		const bytes = new TextEncoder().encode(text);
		if (bytes.length > shareLimits.bytes) return outgrown(now.reading);
		const title = now.title.slice(0, 200);
		const sealed = await sealSnapshot({ title, bytes }, { shareId, keys }, random);
		const how = await writer.rebase(sealed, toBase64Url(await sha256(sealed)), same);
		if (how !== 'kept') return how;
		sent = now.reading;
		isFull = false;
		await setFull(host, shareId, false);
		soon();
		return how;
	}

	/** Readers and the owner are told, once. */
	async function outgrown(reading: SharedReading): Promise<Written> {
		if (isFull) return 'kept';
		// Where the log is full too, readers are not told; the owner is.
		const how = await writer.send(fullChange(reading));
		if (how === 'apart') return how;
		isFull = true;
		sent = undefined;
		await setFull(host, shareId, true);
		return 'kept';
	}

	// Before there is a line: the first word may come with its first breath.
	const inbox = await createInbox({ ...parts, keys: liveKeys, epoch, took: (place) => writer.took(place) });
	const writer = createLiveWriter({
		address: `${address.replace(/^http/, 'ws')}/live`,
		token: row.ownerToken,
		shareId,
		signer,
		keys: liveKeys,
		random,
		clock: host.ports.clock,
		openSocket: parts.openSocket,
		async putBase(sealed, frame) {
			const headers = {
				authorization: `Bearer ${row.ownerToken}`,
				'x-wherry': '1',
				'content-type': 'application/octet-stream',
				[frameHeader]: JSON.stringify(frame)
			};
			try {
				await askRelay(host, address, { method: 'PUT', headers, body: sealed });
				return 'kept';
			} catch (thrown) {
				const id = thrown instanceof AppError ? thrown.id : '';
				return id === 'relay/rate-limited' || id === 'share/too-large' ? 'refused' : 'apart';
			}
		},
		on: {
			ready(isSame) {
				if (!isSame) sent = undefined;
				soon();
				inbox.look();
			},
			word: (place, word) => inbox.receive(place, word),
			async isGone() {
				if (host.epoch() !== epoch) return true;
				const state = askRelay(host, `${address}/state`, asOwner('GET', row.ownerToken));
				return state.then(
					() => false,
					(thrown: unknown) => thrown instanceof AppError && thrown.id === 'share/not-found'
				);
			},
			over: () => stop()
		}
	});

	function onMessage(message: BusMessage): void {
		if (host.epoch() !== epoch) return stop();
		if (message.kind === 'applied' && message.record.id === sessionId) {
			if (host.repository.facts(message.record).hidden) return parts.deleted();
			isStale = true;
			if (message.entries.some(({ id }) => id === answer?.entryId)) answer = undefined;
			return soon();
		}
		if (message.kind !== 'loop' || message.sessionId !== sessionId) return;
		const { event, at } = message;
		if (event.type === 'step-start') answer = createLiveAnswer(event, at);
		else if (answer?.note(event) === true) return soon();
		if (event.type === 'turn-end') answer = undefined;
		if (!event.type.endsWith('-delta')) isStale = true;
		if (event.type === 'turn-end') inbox.look();
		soon();
	}
	const unsubscribe = host.bus.subscribe(onMessage);

	function stop(): void {
		if (isStopped) return;
		isStopped = true;
		unsubscribe();
		writer.close();
	}
	return { stop };
}
