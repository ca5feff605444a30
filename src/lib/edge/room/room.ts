/**
 * A home's room: gives every envelope its place, once, and says from where on it can still be read. It reads
 * headers alone. Pure over its store; signatures were checked before, by whoever calls.
 */

import type { Envelope, NackReason, Purpose } from '../../wire/sync';
import { quota } from './quota';
import type { RoomMember, RoomMeta, RoomStore, RoomWrite, StoredEnvelope } from './room-store';

export type Appended =
	| { readonly kind: 'ack'; readonly devSeq: number; readonly seq: number; readonly isNew: boolean }
	| { readonly kind: 'nack'; readonly expect: number; readonly reason: NackReason };

export interface Page {
	readonly envelopes: readonly StoredEnvelope[];
	/** Where to go on; absent where this was all. */
	readonly next?: number;
}

export interface Room {
	meta(): RoomMeta;
	/** Somebody whose envelopes are accepted now. */
	member(kid: string): RoomMember | undefined;
	isRevoked(kid: string): boolean;
	/** Nobody has ever written here: whoever comes first founds it. */
	isEmpty(): boolean;
	/** Who came and who went after this place, up to the device's removal: what it can check. */
	farewell(kid: string, after: number, maxBytes: number): readonly Envelope[];
	/** The last envelope of this device. */
	head(kid: string): { readonly devSeq: number; readonly hash: string };
	/** Same `(dev, devSeq)`, same place: sending again is harmless. */
	append(envelope: Envelope, hash: string): Appended;
	/** Whether what follows `cursor` is still there, envelope by envelope. */
	holds(cursor: number): boolean;
	read(after: number, maxEnvelopes: number, maxBytes: number): readonly StoredEnvelope[];
	/** All that a newcomer needs before `ops` after `meta().upTo`: membership, then the snapshot's parts. */
	basis(after: number, maxBytes: number): Page;
	/** Files of before the snapshot, as far as the room goes on keeping them. */
	kept(after: number, maxBytes: number): Page;
}

/** Rows read at once. */
const page = 64;
/** A frame holds about as many parts of a snapshot: more would be read again for the next one. */
const partsAtOnce = 20;

/**
 * @param genesis what a device's first envelope names as the one before it.
 * @param fileBytes how much of files from before a snapshot is kept, the newest first.
 */
export function createRoom(
	id: string,
	genesis: string,
	store: RoomStore,
	fileBytes: number = quota.fileBytes
): Room {
	const head = (kid: string) => store.head(kid) ?? { devSeq: 0, hash: genesis };

	function mayWrite({ header: { dev, devSeq, purpose } }: Envelope): boolean {
		const signer = store.member(dev);
		if (signer !== undefined) return !signer.isRemoved;
		const isFounder = store.memberCount() === 0 && purpose.kind === 'add' && devSeq === 1;
		return isFounder && purpose.member.device.kid === dev;
	}

	/** What the envelope means for the room, or why it makes no sense at this place. */
	function effect(
		{ header: { dev, devSeq, purpose } }: Envelope,
		seq: number
	): Partial<RoomWrite> | NackReason {
		const meta = store.meta();
		switch (purpose.kind) {
			case 'ops':
				return {};
			case 'add':
				// Once revoked, a key never comes back.
				if (store.member(purpose.member.device.kid)?.isRemoved === true) return 'invalid';
				return { member: { ...purpose.member, isRemoved: false } };
			case 'remove': {
				const gone = store.member(purpose.kid);
				if (gone === undefined) return 'invalid';
				const staying = store.living().filter((kid) => kid !== purpose.kid);
				const isFor = sorted(purpose.keys.map(({ kid }) => kid)) === sorted(staying);
				// Somebody came or went since it was sealed, who would be locked out or let in: it is sealed anew.
				if (gone.isRemoved || !isFor || purpose.epoch !== meta.epoch + 1) return 'epoch';
				return { member: { ...gone, isRemoved: true }, meta: { ...meta, epoch: purpose.epoch } };
			}
			case 'snapshot': {
				const { upTo, part, of } = purpose;
				if (part >= of || upTo >= seq) return 'invalid';
				// Another was quicker; its own first parts may be forgotten by now.
				if (upTo <= meta.upTo) return {};
				if (part > 0 && !follows(dev, devSeq, purpose)) return 'invalid';
				if (part < of - 1) return {};
				const first = store.find(dev, devSeq - part)?.seq ?? seq;
				return { meta: { ...meta, upTo, parts: [first, seq] }, forget: { upTo, fileBytes } };
			}
		}
	}

	function follows(
		dev: string,
		devSeq: number,
		{ upTo, part, of }: { upTo: number; part: number; of: number }
	) {
		const before = store.find(dev, devSeq - 1);
		const purpose =
			before === undefined ? undefined : store.range(before.seq, before.seq, 1)[0]?.envelope.header.purpose;
		return (
			purpose?.kind === 'snapshot' && purpose.upTo === upTo && purpose.of === of && purpose.part === part - 1
		);
	}

	/** Others may have written between two parts. */
	function partsAfter(after: number, last: number, upTo: number): readonly StoredEnvelope[] {
		const author = store.range(last, last, 1)[0]?.envelope.header.dev;
		const found: StoredEnvelope[] = [];
		for (let from = after + 1; from <= last && found.length === 0; from += partsAtOnce) {
			for (const one of store.range(from, Math.min(last, from + partsAtOnce - 1), partsAtOnce)) {
				const { dev, purpose } = one.envelope.header;
				if (dev === author && purpose.kind === 'snapshot' && purpose.upTo === upTo) found.push(one);
			}
		}
		return found;
	}

	return {
		meta: () => store.meta(),
		member(kid) {
			const found = store.member(kid);
			return found?.isRemoved === false ? found : undefined;
		},
		isRevoked: (kid) => store.member(kid)?.isRemoved === true,
		isEmpty: () => store.memberCount() === 0,
		farewell(kid, after, maxBytes) {
			const found: StoredEnvelope[] = [];
			for (let from: number | undefined = after; from !== undefined;) {
				const some = store.membership(from, page);
				const end = some.findIndex(({ envelope: { header } }) => removes(header.purpose, kid));
				found.push(...(end < 0 ? some : some.slice(0, end + 1)));
				from = end < 0 ? some.at(-1)?.seq : undefined;
			}
			return fit(found, maxBytes).map(({ envelope }) => envelope);
		},
		head,
		append(envelope, hash) {
			const { dev, devSeq, prevHash, keyEpoch, room } = envelope.header;
			const { devSeq: last, hash: lastHash } = head(dev);
			const nack = (reason: NackReason): Appended => ({ kind: 'nack', expect: last + 1, reason });
			if (room !== id) return nack('forged');
			if (!mayWrite(envelope)) return nack('not-a-member');
			if (devSeq <= last) {
				const known = store.find(dev, devSeq);
				if (known === undefined) return nack('gap');
				return known.hash === hash ? { kind: 'ack', devSeq, seq: known.seq, isNew: false } : nack('forked');
			}
			if (devSeq > last + 1) return nack('gap');
			if (prevHash !== lastHash) return nack('forked');
			const meta = store.meta();
			if (keyEpoch !== meta.epoch) return nack('epoch');
			const seq = meta.seq + 1;
			const change = effect(envelope, seq);
			if (typeof change === 'string') return nack(change);
			const size = envelope.ct.length + JSON.stringify(envelope.header).length + 512;
			store.write({
				...change,
				meta: { ...(change.meta ?? meta), seq },
				stored: { seq, hash, size, envelope }
			});
			return { kind: 'ack', devSeq, seq, isNew: true };
		},
		holds: (cursor) => cursor >= store.meta().upTo,
		read(after, maxEnvelopes, maxBytes) {
			const found = store.range(after + 1, store.meta().seq, Math.min(page, maxEnvelopes));
			return fit(found, maxBytes);
		},
		basis(after, maxBytes) {
			const { parts, upTo } = store.meta();
			const [first, last] = parts;
			const coming = store.membership(after, page).filter(({ seq }) => seq <= upTo);
			const found = coming.length > 0 ? coming : partsAfter(Math.max(first - 1, after), last, upTo);
			const envelopes = fit(found, maxBytes);
			const newest = envelopes.at(-1)?.seq;
			return newest === undefined || newest === last ? { envelopes } : { envelopes, next: newest };
		},
		kept(after, maxBytes) {
			const found = store.files(after, store.meta().upTo, partsAtOnce);
			const envelopes = fit(found, maxBytes);
			const isAll = envelopes.length === found.length && found.length < partsAtOnce;
			const next = isAll ? undefined : envelopes.at(-1)?.seq;
			return next === undefined ? { envelopes } : { envelopes, next };
		}
	};
}

const removes = (purpose: Purpose, kid: string): boolean => purpose.kind === 'remove' && purpose.kid === kid;

const sorted = (kids: readonly string[]): string => [...kids].sort().join();

/** At least one, then as many as fit. */
function fit(found: readonly StoredEnvelope[], maxBytes: number): readonly StoredEnvelope[] {
	let bytes = 0;
	const some: StoredEnvelope[] = [];
	for (const one of found) {
		bytes += one.size;
		if (some.length > 0 && bytes > maxBytes) break;
		some.push(one);
	}
	return some;
}
