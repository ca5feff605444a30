/** Which keys there are, known without asking the store each time; and where each may go on our own relay. */

import { createVault } from './vault';
import type { PlaceKey, SecretInput, VaultServices } from './vault';

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
}

export async function openKeyring(
	services: VaultServices & { readonly relayOrigin: string | undefined }
): Promise<Keyring> {
	const vault = createVault(services);
	let ids = new Set<string>();
	const reload = async (): Promise<void> => {
		ids = new Set((await vault.list()).map((secret) => secret.id));
	};
	await reload();
	const isRelayFor = (secretId: string) => (url: string) =>
		services.relayOrigin !== undefined && url.startsWith(`${services.relayOrigin}/api/relay/${secretId}/`);
	return {
		has: (id) => ids.has(id),
		async save(secret) {
			await vault.save(secret);
			ids.add(secret.id);
		},
		async remove(id) {
			await vault.remove(id);
			ids.delete(id);
		},
		sign: (input) => vault.sign({ ...input, isRelayFor: isRelayFor(input.secretId) }),
		signHeaders: (input) => vault.signHeaders({ ...input, isRelayFor: isRelayFor(input.secretId) }),
		reload
	};
}
