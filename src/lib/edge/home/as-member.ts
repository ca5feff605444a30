/** A provider request of a device of this relay: with the relay's key or through its gateway, where it brought none. */

import type { RelayProvider } from '../../wire/providers';
import { readVariable, type EdgeEnv } from '../env';
import { findProvider, relayTarget } from '../relay-target';
import { attribution, gatewayPath, metadataHeader } from './gateway';
import type { Admitted } from './verbs';

interface Asked {
	readonly id: string;
	readonly provider: RelayProvider;
	readonly path: string;
	readonly search: string;
	readonly outgoing: Request;
	readonly hasOwn: boolean;
}

export function asMember(
	env: EdgeEnv,
	{ id, provider, path, search, outgoing, hasOwn }: Asked,
	member: Admitted
): { readonly outgoing: Request; readonly isPaid: boolean } {
	const { headers } = outgoing;
	if (id === 'ai-gateway') headers.set(metadataHeader, attribution(member, headers.get(metadataHeader)));
	if (hasOwn) return { outgoing, isPaid: false };
	const gateway = findProvider('ai-gateway');
	const through = member.billing === 'gateway' ? gatewayPath(env, id, path) : undefined;
	if (gateway !== undefined && through !== undefined) {
		const target = relayTarget(env, { id: 'ai-gateway', provider: gateway, path: through.path, search });
		if (target !== undefined) {
			const redirected = new Request(target, outgoing);
			gateway.setKey(redirected.headers, through.token);
			redirected.headers.set(metadataHeader, attribution(member, null));
			return { outgoing: redirected, isPaid: true };
		}
	}
	const key = member.key ?? readVariable(env, provider.keyEnv);
	if (key === undefined) return { outgoing, isPaid: false };
	provider.setKey(headers, key);
	return { outgoing, isPaid: true };
}
