/** The devices that a relay knows, its invitations and its one claim: rows, and nothing of HTTP or time. */

import * as z from 'zod/mini';
import { devicePublicKey, type DevicePublicKey } from '../../wire/device';
import { parseJson } from '../../wire/json';
import type { RelayDevice } from '../../wire/relay';
import type { SqlStorage } from '../hub/sql';

export interface KnownDevice extends RelayDevice {
	readonly key: DevicePublicKey;
}

export interface Registry {
	value(name: string): string | undefined;
	setValue(name: string, value: string | undefined): void;
	/** Made and stored where it is not there yet. */
	kept(name: string, make: () => string): string;
	device(kid: string): KnownDevice | undefined;
	devices(): KnownDevice[];
	add(device: KnownDevice): void;
	seen(kid: string, at: number): void;
	/** One scope more for a device that is known. */
	grant(kid: string, scope: string): void;
	revoke(kid: string): void;
	addInvite(hash: string, expiresAt: number): void;
	/** True once, for an invitation that stands and is not over. */
	takeInvite(hash: string, now: number): boolean;
	/** False where this nonce was there within its time. */
	takeNonce(nonce: string, now: number): boolean;
	secret(provider: string): Uint8Array<ArrayBuffer> | undefined;
	secrets(): string[];
	setSecret(provider: string, sealed: Uint8Array<ArrayBuffer> | undefined): void;
}

const scopes = z.array(z.string());
/** Twice the skew that a proof may have. */
const nonceLifeMs = 10 * 60_000;

export function createRegistry(sql: SqlStorage): Registry {
	for (const table of [
		'facts (name TEXT PRIMARY KEY, value TEXT NOT NULL)',
		'devices (kid TEXT PRIMARY KEY, key TEXT NOT NULL, name TEXT NOT NULL, home TEXT NOT NULL, scopes TEXT NOT NULL, added INTEGER NOT NULL, seen INTEGER NOT NULL, revoked INTEGER NOT NULL)',
		'invites (hash TEXT PRIMARY KEY, expires INTEGER NOT NULL)',
		'nonces (nonce TEXT PRIMARY KEY, expires INTEGER NOT NULL)',
		'secrets (provider TEXT PRIMARY KEY, sealed BLOB NOT NULL)'
	]) {
		sql.exec(`CREATE TABLE IF NOT EXISTS ${table}`);
	}
	sql.exec('CREATE INDEX IF NOT EXISTS nonces_expires ON nonces (expires)');
	const first = (query: string, ...values: (string | number)[]) => [...sql.exec(query, ...values)][0];

	const value = (name: string): string | undefined => {
		const row = first('SELECT value FROM facts WHERE name = ?', name);
		return row === undefined ? undefined : String(row.value);
	};
	const setValue = (name: string, text: string | undefined): void => {
		if (text === undefined) sql.exec('DELETE FROM facts WHERE name = ?', name);
		else sql.exec('INSERT OR REPLACE INTO facts (name, value) VALUES (?, ?)', name, text);
	};

	return {
		value,
		setValue,
		kept(name, make) {
			const known = value(name);
			if (known !== undefined) return known;
			const made = make();
			setValue(name, made);
			return made;
		},
		device(kid) {
			return readDevice(first('SELECT * FROM devices WHERE kid = ?', kid));
		},
		devices() {
			return [...sql.exec('SELECT * FROM devices ORDER BY added, kid')].flatMap(
				(row) => readDevice(row) ?? []
			);
		},
		add({ kid, key, name, home, scopes: own, addedAt, lastSeen, isRevoked }) {
			sql.exec(
				'INSERT OR REPLACE INTO devices (kid, key, name, home, scopes, added, seen, revoked) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
				...[kid, JSON.stringify(key), name, home, JSON.stringify(own), addedAt, lastSeen, isRevoked ? 1 : 0]
			);
		},
		seen(kid, at) {
			sql.exec('UPDATE devices SET seen = ? WHERE kid = ?', at, kid);
		},
		grant(kid, scope) {
			const own = readDevice(first('SELECT * FROM devices WHERE kid = ?', kid))?.scopes ?? [];
			if (own.includes(scope)) return;
			sql.exec('UPDATE devices SET scopes = ? WHERE kid = ?', JSON.stringify([...own, scope]), kid);
		},
		revoke(kid) {
			sql.exec('UPDATE devices SET revoked = 1 WHERE kid = ?', kid);
		},
		addInvite(hash, expiresAt) {
			sql.exec('INSERT OR REPLACE INTO invites (hash, expires) VALUES (?, ?)', hash, expiresAt);
		},
		takeInvite(hash, now) {
			sql.exec('DELETE FROM invites WHERE expires <= ?', now);
			return first('DELETE FROM invites WHERE hash = ? RETURNING hash', hash) !== undefined;
		},
		takeNonce(nonce, now) {
			sql.exec('DELETE FROM nonces WHERE expires <= ?', now);
			return (
				first(
					'INSERT INTO nonces (nonce, expires) VALUES (?, ?) ON CONFLICT DO NOTHING RETURNING nonce',
					nonce,
					now + nonceLifeMs
				) !== undefined
			);
		},
		secret(provider) {
			const sealed = first('SELECT sealed FROM secrets WHERE provider = ?', provider)?.sealed;
			return sealed instanceof ArrayBuffer ? new Uint8Array(sealed) : undefined;
		},
		secrets() {
			return [...sql.exec('SELECT provider FROM secrets ORDER BY provider')].map((row) =>
				String(row.provider)
			);
		},
		setSecret(provider, sealed) {
			if (sealed === undefined) sql.exec('DELETE FROM secrets WHERE provider = ?', provider);
			else sql.exec('INSERT OR REPLACE INTO secrets (provider, sealed) VALUES (?, ?)', provider, sealed);
		}
	};
}

function readDevice(
	row: Record<string, string | number | null | ArrayBuffer> | undefined
): KnownDevice | undefined {
	if (row === undefined) return undefined;
	const key = devicePublicKey.safeParse(parseJson(String(row.key)));
	const own = scopes.safeParse(parseJson(String(row.scopes)));
	if (!key.success || !own.success) return undefined;
	return {
		kid: String(row.kid),
		key: key.data,
		name: String(row.name),
		home: String(row.home),
		scopes: own.data,
		addedAt: Number(row.added),
		lastSeen: Number(row.seen),
		isRevoked: row.revoked !== 0
	};
}
