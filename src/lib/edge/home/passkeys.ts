/**
 * Passkeys that the owner of a relay wants asked before anything is changed: an additional proof, never one instead
 * of the device's signature. While there is none, nothing is asked.
 */

import { AppError } from '../../wire/errors';
import { passkeyRequest, type Passkey } from '../../wire/passkey';
import { proofSkewSeconds } from '../../wire/proof';
import type { SqlStorage } from '../hub/sql';
import { importPasskey, isVerified, verifyAssertion } from './assertion';
import type { Member, Members } from './members';
import type { Registry } from './registry';
import { parse, type Who } from './verbs';

export interface PasskeyPorts {
	readonly now: () => number;
	/** The operator has said so: somebody who lost theirs can go on. */
	readonly isOff: boolean;
}

export interface Passkeys {
	/** Whoever may administer, and has asked their passkey about this very request where there is one. */
	confirmed(who: Who): Promise<Member>;
	readonly verbs: Readonly<Record<string, (who: Who, input: unknown) => Promise<unknown>>>;
}

const most = 20;
const notConfirmed = 'The passkey did not confirm this change.';

export function createPasskeys(
	sql: SqlStorage,
	members: Pick<Members, 'admin' | 'refuse'>,
	{ now, isOff, takeNonce }: PasskeyPorts & Pick<Registry, 'takeNonce'>
): Passkeys {
	sql.exec(
		'CREATE TABLE IF NOT EXISTS passkeys (id TEXT PRIMARY KEY, key TEXT NOT NULL, name TEXT NOT NULL, added INTEGER NOT NULL)'
	);
	const list = (): Passkey[] =>
		[...sql.exec('SELECT id, name, added FROM passkeys ORDER BY added, id')].map((row) => ({
			id: String(row['id']),
			name: String(row['name']),
			addedAt: Number(row['added'])
		}));

	async function confirmed(who: Who): Promise<Member> {
		const member = await members.admin(who);
		const ids = list().map(({ id }) => id);
		if (isOff || ids.length === 0) return member;
		const { passkey: assertion } = who;
		if (assertion === undefined) {
			const message = 'This relay asks for your passkey before anything is changed.';
			throw new AppError('relay/not-authorized', { message, data: { code: 'passkey', ids } });
		}
		const [row] = sql.exec('SELECT key FROM passkeys WHERE id = ?', assertion.id);
		const key = row === undefined ? undefined : await importPasskey(String(row['key']));
		const isInTime = Math.abs(now() / 1000 - assertion.ts) <= proofSkewSeconds;
		if (key === undefined || !isInTime || !(await verifyAssertion(assertion, key, who.request)))
			throw members.refuse(who, 'bad-passkey', notConfirmed);
		if (!takeNonce(`passkey ${assertion.nonce}`, now())) throw members.refuse(who, 'replayed', notConfirmed);
		return member;
	}

	return {
		confirmed,
		verbs: {
			async passkeys(who) {
				await members.admin(who);
				return list();
			},
			async addPasskey(who, input) {
				await confirmed(who);
				const { id, key, name, authenticatorData } = parse(passkeyRequest, input);
				const host = new URL(who.request.aud).hostname;
				// One that verifies nobody would lock its owner out.
				if ((await importPasskey(key)) === undefined || !(await isVerified(authenticatorData, host)))
					throw new AppError('input/invalid', { data: { code: 'passkey' } });
				if (list().length >= most) throw new AppError('input/invalid', { data: { code: 'too-many' } });
				sql.exec(
					'INSERT OR REPLACE INTO passkeys (id, key, name, added) VALUES (?, ?, ?, ?)',
					id,
					key,
					name,
					now()
				);
				return list();
			},
			async removePasskey(who, input) {
				await confirmed(who);
				sql.exec('DELETE FROM passkeys WHERE id = ?', String(input));
				return list();
			}
		}
	};
}
