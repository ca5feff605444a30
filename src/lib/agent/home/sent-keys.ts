/**
 * Provider keys that a person gives a new device along, each chosen by name: sealed for that device alone, on
 * top of the pairing code. Nothing else ever takes a key out of the vault.
 */

import * as z from 'zod/mini';
import { parseJson } from '../../wire/json';
import type { Member } from '../../wire/sync';
import type { Host } from '../commands/host';
import { createVault } from '../vault/vault';
import type { SecretInput, Vault } from '../vault/vault';
import { openFrom, sealTo, type AgreementKey } from './agreement-key';
import type { SentKeys } from './pairing';

const schema = z.array(z.object({ id: z.string(), origin: z.string(), kind: z.string(), key: z.string() }));
const contextOf = ({ device }: Member): string => `wherry-pair-keys/v1|${device.kid}`;

const vaultOf = ({ store, epoch, ports }: Host): Vault => createVault({ ...ports, store, epoch, crypto });

export async function savedKeys(host: Host): Promise<readonly string[]> {
	return (await vaultOf(host).list()).map(({ id }) => id);
}

export async function sealKeys(
	host: Host,
	to: Member,
	ids: readonly string[]
): Promise<SentKeys | undefined> {
	const vault = vaultOf(host);
	const found: SecretInput[] = [];
	for (const { id, origin, kind } of await vault.list()) {
		if (!ids.includes(id)) continue;
		// The vault only signs: what it would put into a header for the key's own host goes into the seal.
		let placed = '';
		await vault.signHeaders({
			secretId: id,
			url: `${origin}/`,
			headers: new Headers(),
			isRelayFor: () => false,
			place: (_headers, key) => {
				placed = key;
			}
		});
		found.push({ id, origin, kind, key: placed });
	}
	const content = new Uint8Array(new TextEncoder().encode(JSON.stringify(found)));
	return sealTo(to.agree, content, contextOf(to));
}

/** What does not open costs nothing but the keys: they can be entered by hand. */
export async function openSentKeys(
	host: Host,
	mine: { readonly member: Member; readonly agreement: AgreementKey },
	sent: SentKeys
): Promise<void> {
	const bytes = await openFrom(mine.agreement, sent, contextOf(mine.member));
	const read = schema.safeParse(bytes === undefined ? undefined : parseJson(new TextDecoder().decode(bytes)));
	if (!read.success) return;
	const vault = vaultOf(host);
	for (const secret of read.data) await vault.save(secret);
	await host.providers.reload();
	host.bus.publish({ kind: 'changed', what: 'providers' });
}
