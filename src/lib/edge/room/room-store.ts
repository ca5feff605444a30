/**
 * What a room remembers, as a synchronous store: a Durable Object's SQLite, or memory. Envelopes as they
 * came, beside what the room needs of them to answer without opening one.
 */

import type { Envelope, Member } from '../../wire/sync';

export interface RoomMeta {
	/** Of the newest envelope; 0 before the first. */
	readonly seq: number;
	readonly epoch: number;
	/** Of the newest whole snapshot; 0 where there is none. What it replaces is gone. */
	readonly upTo: number;
	/** The snapshot's parts lie at these places. */
	readonly parts: readonly [first: number, last: number];
}
export const emptyRoom: RoomMeta = { seq: 0, epoch: 1, upTo: 0, parts: [0, 0] };

export interface RoomHead {
	readonly devSeq: number;
	readonly hash: string;
}

export interface StoredEnvelope {
	readonly seq: number;
	readonly hash: string;
	/** Characters of its JSON. */
	readonly size: number;
	readonly envelope: Envelope;
}

export interface RoomMember extends Member {
	readonly isRemoved: boolean;
}

/** Everything that one envelope changes. */
export interface RoomWrite {
	readonly meta: RoomMeta;
	readonly stored: StoredEnvelope;
	readonly member?: RoomMember;
	/** A snapshot replaces what lies at or before `upTo`, but what membership rests on and the newest files. */
	readonly forget?: { readonly upTo: number; readonly fileBytes: number };
}

/** Each call is atomic. */
export interface RoomStore {
	meta(): RoomMeta;
	member(kid: string): RoomMember | undefined;
	memberCount(): number;
	/** `kid` of everybody who came and did not go. */
	living(): readonly string[];
	head(dev: string): RoomHead | undefined;
	/** Where it was accepted; undefined where it was not, or is forgotten. */
	find(dev: string, devSeq: number): { readonly seq: number; readonly hash: string } | undefined;
	/** From `from` to `to`, oldest first, at most `limit`. */
	range(from: number, to: number, limit: number): readonly StoredEnvelope[];
	/** Who came and who went, after this place. */
	membership(after: number, limit: number): readonly StoredEnvelope[];
	/** What holds files, from `after` to `upTo`. */
	files(after: number, upTo: number, limit: number): readonly StoredEnvelope[];
	write(write: RoomWrite): void;
}

export function isMembership({ header: { purpose } }: Envelope): boolean {
	return purpose.kind === 'add' || purpose.kind === 'remove';
}

export function holdsFiles({ header: { purpose } }: Envelope): boolean {
	return purpose.kind === 'ops' && purpose.stays === true;
}

export function createMemoryRoomStore(): RoomStore {
	let meta = emptyRoom;
	const members = new Map<string, RoomMember>();
	const heads = new Map<string, RoomHead>();
	const places = new Map<string, { seq: number; hash: string }>();
	const envelopes = new Map<number, StoredEnvelope>();
	const comings: StoredEnvelope[] = [];
	return {
		meta: () => meta,
		member: (kid) => members.get(kid),
		memberCount: () => members.size,
		living: () => [...members].flatMap(([kid, { isRemoved }]) => (isRemoved ? [] : [kid])),
		head: (dev) => heads.get(dev),
		find: (dev, devSeq) => places.get(`${dev}/${String(devSeq)}`),
		range(from, to, limit) {
			const found: StoredEnvelope[] = [];
			for (let seq = from; seq <= to && found.length < limit; seq++) {
				const one = envelopes.get(seq);
				if (one !== undefined) found.push(one);
			}
			return found;
		},
		membership: (after, limit) => comings.filter(({ seq }) => seq > after).slice(0, limit),
		files: (after, upTo, limit) =>
			[...envelopes.values()]
				.filter(({ seq, envelope }) => seq > after && seq <= upTo && holdsFiles(envelope))
				.slice(0, limit),
		write({ meta: next, stored, member, forget }) {
			const { dev, devSeq } = stored.envelope.header;
			meta = next;
			envelopes.set(stored.seq, stored);
			if (isMembership(stored.envelope)) comings.push(stored);
			places.set(`${dev}/${String(devSeq)}`, { seq: stored.seq, hash: stored.hash });
			heads.set(dev, { devSeq, hash: stored.hash });
			if (member !== undefined) members.set(member.device.kid, member);
			if (forget === undefined) return;
			let held = 0;
			for (const [seq, { envelope, size }] of [...envelopes].reverse()) {
				if (seq > forget.upTo || isMembership(envelope)) continue;
				if (holdsFiles(envelope) && (held += size) <= forget.fileBytes) continue;
				envelopes.delete(seq);
				places.delete(`${envelope.header.dev}/${String(envelope.header.devSeq)}`);
			}
		}
	};
}
