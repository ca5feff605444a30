/** Every saved key, for what must know them: a sealed backup, and what covers them where something leaves. */

import type { Store } from '../storage/store';
import type { Keyring } from './keyring';
import { readSecret } from './records';
import type { SecretInput } from './vault';

export async function readSecrets({
	store,
	vault
}: {
	readonly store: Store;
	readonly vault: Pick<Keyring, 'signHeaders'>;
}): Promise<readonly SecretInput[]> {
	const secrets: SecretInput[] = [];
	for (const { key: id, row } of await store.range('vault', {})) {
		const facts = readSecret(row)?.facts;
		if (facts?.id !== id) continue;
		const place = (_: Headers, key: string): void => {
			secrets.push({ id, origin: facts.origin, kind: facts.kind, key });
		};
		// One that does not open here any more is none elsewhere either.
		await vault
			.signHeaders({ secretId: id, url: `${facts.origin}/`, headers: new Headers(), place })
			.catch(() => undefined);
	}
	return secrets;
}
