/** A provider as the page of providers shows it. */

import type { ModelInfo, ProviderCard } from '../../wire/commands';
import { gatewayId, readGatewayOptions } from '../models/gateway';
import { notesOf } from '../models/provider-notes';
import type { Provider } from '../models/providers';
import type { ProviderChoice } from '../models/targets';

export interface ProviderStanding {
	readonly choice: ProviderChoice;
	readonly isReady: boolean;
	readonly hasKey: boolean;
	readonly hasRelayKey: boolean;
	readonly hasBuiltin: boolean;
	readonly model: string;
	readonly models: readonly ModelInfo[];
}

export function providerCard(provider: Provider, standing: ProviderStanding): ProviderCard {
	const { takes, keyUrl } = notesOf(provider.id);
	const { choice, isReady, hasKey, model, models } = standing;
	return {
		id: provider.id,
		title: provider.title,
		takes,
		kind: provider.kind,
		state: isReady
			? 'ready'
			: provider.id === 'builtin' && !standing.hasBuiltin
				? 'unavailable'
				: provider.kind === 'key'
					? 'needs-key'
					: 'unknown',
		stateText: stateText(provider, standing),
		hasKey,
		...(keyUrl === undefined ? {} : { keyUrl }),
		needsBaseUrl: provider.needsBaseUrl,
		baseUrl: choice.baseUrl ?? '',
		via:
			provider.kind === 'local' ? 'local' : (choice.via ?? (provider.isDirectByDefault ? 'direct' : 'relay')),
		canDirect: provider.canDirect,
		...(provider.id === gatewayId ? { gateway: readGatewayOptions(choice.gateway) } : {}),
		model,
		models
	};
}

function stateText(provider: Provider, standing: ProviderStanding): string {
	if (provider.id === 'rehearsal') return 'Always here.';
	if (standing.hasRelayKey && !standing.hasKey) return 'Ready: this relay has a key.';
	if (standing.isReady) return 'Ready.';
	if (provider.id === 'builtin') return standing.hasBuiltin ? 'Not asked yet.' : 'Not in this browser.';
	if (provider.kind === 'local') return 'Not contacted yet.';
	return provider.needsBaseUrl ? 'Needs an address and a key.' : 'Needs a key.';
}
