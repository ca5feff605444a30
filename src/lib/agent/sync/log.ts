/**
 * What a device knows of its room's log, and whether what comes next can be true. Every device chains its
 * envelopes, and says in each how far it had read the others; so a relay that drops, doubles, reorders,
 * rolls back or shows two histories contradicts somebody's signature. Pure; knows no key and no content.
 */

import type { EnvelopeHeader, Member } from '../../wire/sync';

/** The end of one device's chain. */
export interface Head {
	readonly devSeq: number;
	readonly hash: string;
}
export type Heads = Readonly<Record<string, Head>>;

export interface KnownMember extends Member {
	readonly isRemoved: boolean;
}

/** What is kept between two lives of the app. */
export interface LogPlace {
	/** Everything up to this sequence number was read. */
	readonly cursor: number;
	readonly epoch: number;
	readonly heads: Heads;
	readonly members: Readonly<Record<string, KnownMember>>;
}
export const emptyPlace: LogPlace = { cursor: 0, epoch: 1, heads: {}, members: {} };

export const faultKinds = [
	/** Something that its author sent, and that others had seen, was left out. */
	'dropped',
	'reordered',
	/** The same envelope at a second place. */
	'replayed',
	/** Two histories of one device. */
	'forked',
	/** The room once had more than it has now. */
	'rolled-back',
	/** Of another room. */
	'foreign',
	/** Signed by nobody who may, or not what was signed. */
	'forged',
	/** Sealed with a key that was taken out of use. */
	'stale-key'
] as const;
export type FaultKind = (typeof faultKinds)[number];

export interface LogFault {
	readonly kind: FaultKind;
	readonly dev?: string;
	readonly devSeq?: number;
	readonly seq?: number;
}

export interface LogReader {
	place(): LogPlace;
	cursor(): number;
	isMember(dev: string): boolean;
	/** The newest epoch that something in the log is known to be sealed with. */
	sealedWith(): number;
	/** Whether `header` may stand at the next place; changes nothing. */
	check(header: EnvelopeHeader, hash: string, heads: Heads): LogFault | undefined;
	/** It does stand there. */
	advance(header: EnvelopeHeader, hash: string): void;
	/** A snapshot replaces everything up to its place. */
	checkSnapshot(place: LogPlace): LogFault | undefined;
	jump(place: LogPlace): void;
}

/** Hashes of a device's last envelopes, for comparing with what others say they saw. */
const remembered = 256;

/** @param genesis what a device's first envelope names as the one before it. */
export function createLogReader(room: string, genesis: string, start: LogPlace = emptyPlace): LogReader {
	let { cursor, epoch } = start;
	// What began the epoch was sealed with the one before.
	let sealedWith = Math.max(1, epoch - 1);
	let heads = new Map(Object.entries(start.heads));
	let members = new Map(Object.entries(start.members));
	const recent = new Map<string, Map<number, string>>();

	const headOf = (dev: string): Head => heads.get(dev) ?? { devSeq: 0, hash: genesis };

	function known(dev: string, devSeq: number): string | undefined {
		const head = headOf(dev);
		return head.devSeq === devSeq ? head.hash : recent.get(dev)?.get(devSeq);
	}

	function fault(kind: FaultKind, dev: string, devSeq: number): LogFault {
		return { kind, dev, devSeq, seq: cursor + 1 };
	}

	function remember(dev: string, { devSeq, hash }: Head): void {
		let hashes = recent.get(dev);
		if (hashes === undefined) recent.set(dev, (hashes = new Map()));
		hashes.set(devSeq, hash);
		hashes.delete(devSeq - remembered);
	}

	return {
		place: () => ({
			cursor,
			epoch,
			heads: Object.fromEntries(heads),
			members: Object.fromEntries(members)
		}),
		cursor: () => cursor,
		isMember: (dev) => members.get(dev)?.isRemoved === false,
		sealedWith: () => sealedWith,
		check(header, hash, seen) {
			const { dev, devSeq, purpose } = header;
			if (header.room !== room) return fault('foreign', dev, devSeq);
			const signer = members.get(dev);
			const isFounder =
				members.size === 0 && devSeq === 1 && purpose.kind === 'add' && purpose.member.device.kid === dev;
			if (!isFounder && (signer === undefined || signer.isRemoved)) return fault('forged', dev, devSeq);
			const head = headOf(dev);
			if (devSeq > head.devSeq + 1) return fault('dropped', dev, devSeq);
			if (devSeq <= head.devSeq) {
				const held = known(dev, devSeq);
				return fault(held === undefined || held === hash ? 'replayed' : 'forked', dev, devSeq);
			}
			if (header.prevHash !== head.hash) return fault('forked', dev, devSeq);
			if (header.keyEpoch !== epoch) return fault('stale-key', dev, devSeq);
			if (purpose.kind === 'remove' && purpose.epoch !== epoch + 1) return fault('forged', dev, devSeq);
			for (const [other, theirs] of Object.entries(seen)) {
				// It had read this before it wrote, so it stood in the log before it.
				if (theirs.devSeq > headOf(other).devSeq) return fault('dropped', other, theirs.devSeq);
				const mine = known(other, theirs.devSeq);
				if (mine !== undefined && mine !== theirs.hash) return fault('forked', other, theirs.devSeq);
			}
			return undefined;
		},
		advance({ dev, devSeq, keyEpoch, purpose }, hash) {
			cursor += 1;
			sealedWith = keyEpoch;
			heads.set(dev, { devSeq, hash });
			remember(dev, { devSeq, hash });
			if (purpose.kind === 'add')
				members.set(purpose.member.device.kid, { ...purpose.member, isRemoved: false });
			if (purpose.kind === 'remove') {
				const gone = members.get(purpose.kid);
				if (gone !== undefined) members.set(purpose.kid, { ...gone, isRemoved: true });
				({ epoch } = purpose);
			}
		},
		checkSnapshot(place) {
			for (const [dev, mine] of heads) {
				const theirs = place.heads[dev];
				if (theirs === undefined || theirs.devSeq < mine.devSeq)
					return { kind: 'rolled-back', dev, devSeq: mine.devSeq, seq: place.cursor };
				if (theirs.devSeq === mine.devSeq && theirs.hash !== mine.hash)
					return { kind: 'forked', dev, devSeq: mine.devSeq, seq: place.cursor };
			}
			return undefined;
		},
		jump(place) {
			({ cursor, epoch } = place);
			sealedWith = epoch;
			heads = new Map(Object.entries(place.heads));
			members = new Map(Object.entries(place.members));
			recent.clear();
		}
	};
}
