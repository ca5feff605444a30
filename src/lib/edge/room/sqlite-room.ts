/** A room in a Durable Object's SQLite. What is written here was parsed before, and nobody else writes it. */

import type { Envelope } from '../../wire/sync';
import { lateTables } from '../hub/late-tables';
import type { SqlStorage } from '../hub/sql';
import {
	emptyRoom,
	holdsFiles,
	isMembership,
	type RoomMember,
	type RoomMeta,
	type RoomStore,
	type StoredEnvelope
} from './room-store';

const tables = [
	'CREATE TABLE IF NOT EXISTS room (one INTEGER PRIMARY KEY CHECK (one = 1), meta TEXT NOT NULL)',
	'CREATE TABLE IF NOT EXISTS members (kid TEXT PRIMARY KEY, member TEXT NOT NULL)',
	'CREATE TABLE IF NOT EXISTS heads (dev TEXT PRIMARY KEY, devSeq INTEGER NOT NULL, hash TEXT NOT NULL)',
	`CREATE TABLE IF NOT EXISTS envelopes (
		seq INTEGER PRIMARY KEY, dev TEXT NOT NULL, devSeq INTEGER NOT NULL, hash TEXT NOT NULL,
		size INTEGER NOT NULL, stays INTEGER NOT NULL, envelope TEXT NOT NULL)`,
	'CREATE UNIQUE INDEX IF NOT EXISTS places ON envelopes (dev, devSeq)',
	'CREATE INDEX IF NOT EXISTS comings ON envelopes (stays, seq)'
];

/** Of an envelope: what becomes of it once a snapshot replaces what led there. */
const stays = { not: 0, always: 1, files: 2 } as const;

function staysOf(envelope: Envelope): number {
	if (isMembership(envelope)) return stays.always;
	return holdsFiles(envelope) ? stays.files : stays.not;
}

type Column = string | number | null | ArrayBuffer | undefined;

export function createSqliteRoomStore(storage: SqlStorage): RoomStore {
	const sql = lateTables(storage, 'room', tables);
	let meta: RoomMeta | undefined;

	function one(query: string, ...bindings: (string | number)[]): Record<string, Column> | undefined {
		for (const row of sql.exec(query, ...bindings)) return row;
		return undefined;
	}

	function readMeta(): RoomMeta {
		const row = one('SELECT meta FROM room');
		if (row === undefined) return emptyRoom;
		const stored: RoomMeta = JSON.parse(String(row.meta));
		return stored;
	}

	function envelopesOf(query: string, ...bindings: (string | number)[]): StoredEnvelope[] {
		const found: StoredEnvelope[] = [];
		for (const row of sql.exec(query, ...bindings)) {
			const envelope: Envelope = JSON.parse(String(row.envelope));
			found.push({ seq: Number(row.seq), hash: String(row.hash), size: Number(row.size), envelope });
		}
		return found;
	}

	return {
		meta: () => (meta ??= readMeta()),
		member(kid) {
			const row = one('SELECT member FROM members WHERE kid = ?', kid);
			if (row === undefined) return undefined;
			const member: RoomMember = JSON.parse(String(row.member));
			return member;
		},
		memberCount: () => Number(one('SELECT count(*) AS n FROM members')?.n ?? 0),
		living() {
			const found: string[] = [];
			for (const row of sql.exec('SELECT member FROM members')) {
				const { device, isRemoved }: RoomMember = JSON.parse(String(row.member));
				if (!isRemoved) found.push(device.kid);
			}
			return found;
		},
		head(dev) {
			const row = one('SELECT devSeq, hash FROM heads WHERE dev = ?', dev);
			return row === undefined ? undefined : { devSeq: Number(row.devSeq), hash: String(row.hash) };
		},
		find(dev, devSeq) {
			const row = one('SELECT seq, hash FROM envelopes WHERE dev = ? AND devSeq = ?', dev, devSeq);
			return row === undefined ? undefined : { seq: Number(row.seq), hash: String(row.hash) };
		},
		range: (from, to, limit) =>
			envelopesOf(
				'SELECT * FROM envelopes WHERE seq >= ? AND seq <= ? ORDER BY seq LIMIT ?',
				from,
				to,
				limit
			),
		membership: (after, limit) =>
			envelopesOf(
				`SELECT * FROM envelopes WHERE stays = ${String(stays.always)} AND seq > ? ORDER BY seq LIMIT ?`,
				after,
				limit
			),
		files: (after, upTo, limit) =>
			envelopesOf(
				`SELECT * FROM envelopes WHERE stays = ${String(stays.files)} AND seq > ? AND seq <= ?
					ORDER BY seq LIMIT ?`,
				after,
				upTo,
				limit
			),
		// Without an await in between, a Durable Object's writes are one transaction.
		write({ meta: next, stored: { seq, hash, size, envelope }, member, forget }) {
			const { dev, devSeq } = envelope.header;
			sql.exec('INSERT OR REPLACE INTO room (one, meta) VALUES (1, ?)', JSON.stringify(next));
			sql.exec(
				'INSERT INTO envelopes (seq, dev, devSeq, hash, size, stays, envelope) VALUES (?, ?, ?, ?, ?, ?, ?)',
				seq,
				dev,
				devSeq,
				hash,
				size,
				staysOf(envelope),
				JSON.stringify(envelope)
			);
			sql.exec('INSERT OR REPLACE INTO heads (dev, devSeq, hash) VALUES (?, ?, ?)', dev, devSeq, hash);
			if (member !== undefined)
				sql.exec(
					'INSERT OR REPLACE INTO members (kid, member) VALUES (?, ?)',
					member.device.kid,
					JSON.stringify(member)
				);
			if (forget !== undefined) {
				const { upTo, fileBytes } = forget;
				sql.exec(`DELETE FROM envelopes WHERE stays = ${String(stays.not)} AND seq <= ?`, upTo);
				sql.exec(
					`DELETE FROM envelopes WHERE seq IN (SELECT seq FROM (
						SELECT seq, sum(size) OVER (ORDER BY seq DESC) AS held FROM envelopes
						WHERE stays = ${String(stays.files)} AND seq <= ?) WHERE held > ?)`,
					upTo,
					fileBytes
				);
			}
			meta = next;
		}
	};
}
