/**
 * A reader of a live share: takes frames, and believes only what its owner signed, in the order they signed it. Knows
 * no socket: what comes goes in, one at a time, and what became of it comes out.
 */

import type { SharedReading } from '../../wire/share';
import {
	beatText,
	frameHash,
	frameText,
	openFrame,
	type Beat,
	type Frame,
	type LiveKeys
} from '../../wire/share-frames';
import type { FromShare } from '../../wire/share-live';
import { ownedShareId, shareVerifier } from '../../wire/share-sign';
import { readChange, withChange, type LiveChange } from './live-state';

export type Followed =
	| 'nothing'
	| 'changed'
	/** The owner is there, and everything they have sent is here. */
	| 'live'
	/** Something is missing, or another base is there by now: ask again from where this stands. */
	| 'gap'
	/** Not from the owner, or not as they ordered it: nothing of it was taken. */
	| 'forged';

export interface Base {
	readonly reading: SharedReading;
	/** SHA-256 of the sealed bytes. */
	readonly hash: string;
}

export interface Follower {
	reading(): SharedReading | undefined;
	/** The newest frame that was taken; -1 for none. */
	seq(): number;
	receive(message: FromShare): Promise<Followed>;
}

export function createFollower(ports: {
	readonly shareId: string;
	readonly keys: Pick<LiveKeys, 'frames'>;
	/** The sealed bytes that are there now, opened; undefined where they do not open. */
	readonly fetchBase: () => Promise<Base | undefined>;
}): Follower {
	const { shareId, keys } = ports;
	let verify: ReturnType<typeof shareVerifier> | undefined;
	let at: { readonly seq: number; readonly hash: string; readonly reading: SharedReading } | undefined;
	let lastBeat = 0;

	async function onFrame(frame: Frame): Promise<Followed> {
		if (verify === undefined || !(await verify(frameText(shareId, frame), frame.sig))) return 'forged';
		const hash = await frameHash(shareId, frame);
		if (at !== undefined && frame.seq <= at.seq)
			// The owner signs one frame for each place: two of them are two logs.
			return frame.seq === at.seq && hash !== at.hash ? 'forged' : 'nothing';
		const isNext = frame.seq === (at?.seq ?? -1) + 1;
		if (isNext && frame.prev !== (at?.hash ?? '')) return 'forged';
		const change = readChange(await openFrame(frame, shareId, keys.frames));
		if (change === undefined) return 'forged';
		// A base is whole: whoever was away while the log began anew goes on from it.
		if (change.t === 'base') return onBase(frame, hash, change, isNext);
		if (at === undefined || !isNext) return 'gap';
		at = { seq: frame.seq, hash, reading: withChange(at.reading, change) };
		return 'changed';
	}

	async function onBase(
		frame: Frame,
		hash: string,
		change: Extract<LiveChange, { t: 'base' }>,
		isNext: boolean
	): Promise<Followed> {
		const { seq } = frame;
		if (change.same && isNext && at !== undefined) {
			at = { ...at, seq, hash };
			return 'nothing';
		}
		const base = await ports.fetchBase();
		if (base?.hash !== change.hash) return 'gap';
		at = { seq, hash, reading: base.reading };
		return 'changed';
	}

	async function onBeat(beat: Beat): Promise<Followed> {
		if (verify === undefined || !(await verify(beatText(shareId, beat), beat.sig))) return 'forged';
		// Played again: it says nothing of now.
		if (beat.n <= lastBeat) return 'nothing';
		lastBeat = beat.n;
		// Frames come before the beat that counts them: what is not here was left out.
		return at === undefined || beat.seq > at.seq ? 'gap' : 'live';
	}

	return {
		reading: () => at?.reading,
		seq: () => at?.seq ?? -1,
		async receive(message) {
			switch (message.type) {
				case 'hello':
					if ((await ownedShareId(message.ownerKey)) !== shareId) return 'forged';
					verify ??= shareVerifier(message.ownerKey);
					return 'nothing';
				case 'frame':
					return onFrame(message.frame);
				case 'beat':
					return onBeat(message.beat);
				case 'away':
				case 'readers':
				case 'kept':
				case 'word':
					return 'nothing';
			}
		}
	};
}
