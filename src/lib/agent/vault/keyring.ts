/**
 * Which keys there are, known without asking the store each time; and where each may go on our own
 * relay. What opens and seals them is a chunk of its own: who has connected nothing needs none of it.
 */

import { readSecret } from './records';
import type { PlaceKey, SecretInput, Vault, VaultServices } from './vault';

export interface Keyring {
	has(id: string): boolean;
	save(secret: SecretInput): Promise<void>;
	remove(id: string): Promise<void>;
	/** The request with the key in it. Throws `vault/wrong-origin`, `vault/no-secret`. */
	sign(input: {
		readonly secretId: string;
		readonly request: Request;
		readonly place: PlaceKey;
	}): Promise<Request>;
	/** The same for a request that is still an address and headers. */
	signHeaders(input: {
		readonly secretId: string;
		readonly url: string;
		readonly headers: Headers;
		readonly place: PlaceKey;
	}): Promise<Headers>;
	/** Reads again which keys there are. */
	reload(): Promise<void>;
	/** Loads what signing needs, while there is a connection. */
	warm(): Promise<void>;
}

export async function openKeyring(
	services: VaultServices & { readonly relayOrigin: string | undefined }
): Promise<Keyring> {
	let loading: Promise<Vault> | undefined;
	function open(): Promise<Vault> {
		loading ??= import('./vault').then(
			({ createVault }) => createVault(services),
			(thrown: unknown) => {
				// A chunk that did not arrive may arrive the next time.
				loading = undefined;
				throw thrown;
			}
		);
		return loading;
	}

	let ids = new Set<string>();
	const reload = async (): Promise<void> => {
		const rows = await services.store.range('vault', {});
		ids = new Set(rows.flatMap(({ key, row }) => (readSecret(row)?.facts.id === key ? [key] : [])));
	};
	await reload();
	const isRelayFor = (secretId: string) => (url: string) =>
		services.relayOrigin !== undefined && url.startsWith(`${services.relayOrigin}/api/relay/${secretId}/`);
	return {
		has: (id) => ids.has(id),
		async save(secret) {
			await (await open()).save(secret);
			ids.add(secret.id);
		},
		async remove(id) {
			await (await open()).remove(id);
			ids.delete(id);
		},
		sign: async (input) => (await open()).sign({ ...input, isRelayFor: isRelayFor(input.secretId) }),
		signHeaders: async (input) =>
			(await open()).signHeaders({ ...input, isRelayFor: isRelayFor(input.secretId) }),
		reload,
		async warm() {
			await open();
		}
	};
}
