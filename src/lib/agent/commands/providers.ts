/** Providers as the person set them up: choices from the settings, keys from the vault, the model port over both. */

import type { ModelInfo, ModelOption, ProbeResult, ProviderCard } from '../../wire/commands';
import type { ModelRef } from '../../wire/entries';
import { AppError } from '../../wire/errors';
import { isJsonObject } from '../../wire/json';
import type { Json, JsonObject } from '../../wire/json';
import { costOf, listModels, lookUpModel, traitsOf } from '../models/catalog';
import { modelOnDemand } from '../models/on-demand';
import type { ModelPortDeps } from '../models/client';
import { findProvider, providers, putKey, readBaseAddress } from '../models/providers';
import type { Provider } from '../models/providers';
import type { BuiltinPort } from '../models/builtin';
import type { ModelPort } from '../models/protocol';
import { loadProtocol } from '../models/protocols';
import type { ModelTarget, ProviderChoice } from '../models/targets';
import type { AgentPorts } from '../ports';
import type { Keyring } from '../vault/keyring';
import type { Providers, Settings } from './host';

export const rehearsalRef: ModelRef = { provider: 'rehearsal', model: 'rehearsal' };
const defaultTimeoutMs = 60_000;
const probeTimeoutMs = 30_000;

export interface ProviderParts {
	readonly ports: AgentPorts;
	readonly settings: Settings;
	readonly vault: Keyring;
	/** The page's origin, where the relay is; undefined where there is none. */
	readonly relayOrigin: string | undefined;
	/** Provider ids for which the relay holds a key that we may use. */
	readonly relayKeys: () => readonly string[];
	readonly rehearsal: ModelPort;
	readonly builtin: ModelPort;
	readonly hasBuiltin: () => boolean;
	/** Asks the browser; nothing leaves it. */
	readonly builtinAvailability: BuiltinPort['availability'];
}

export function createProviders(parts: ProviderParts): Providers {
	const { settings, vault } = parts;
	const choiceOf = (id: string): ProviderChoice & { model?: string } =>
		readChoice(settings.get(`providers/${id}`));
	const modelDeps: ModelPortDeps = {
		...parts.ports,
		async targets(ref) {
			const { resolveTarget } = await import('../models/targets');
			return resolveTarget(ref, choiceOf(ref.provider), parts.relayOrigin);
		},
		loadProtocol,
		sign,
		chain: (ref) => {
			const chain = readChain(settings.get('models/chain'));
			return chain.models.some((model) => model.provider === ref.provider && model.model === ref.model)
				? chain
				: undefined;
		},
		rehearsal: parts.rehearsal,
		builtin: parts.builtin
	};
	const http = modelOnDemand(traitsOf, async () => {
		const { createModelPort } = await import('../models/client');
		return createModelPort(modelDeps);
	});
	const models: ModelPort = {
		describe: traitsOf,
		// The client is for what speaks HTTP: rehearsal needs none of it.
		ask: (request, options) =>
			(request.model.provider === 'rehearsal' ? parts.rehearsal : http).ask(request, options)
	};

	async function sign(
		to: { readonly url: string; readonly headers: Headers },
		{ provider }: ModelTarget
	): Promise<Headers> {
		if (provider.key === undefined) return to.headers;
		if (vault.has(provider.id)) {
			return vault.signHeaders({
				...to,
				secretId: provider.id,
				place: (headers, key) => {
					putKey(provider, headers, key);
				}
			});
		}
		if (provider.key.isOptional || parts.relayKeys().includes(provider.id)) return to.headers;
		throw new AppError('model/no-key', { message: `${provider.title} has no key yet.` });
	}

	function isReady(provider: Provider): boolean {
		if (provider.id === 'rehearsal') return true;
		// Like a local server: there once a person has tapped Probe and it answered.
		if (provider.id === 'builtin') return parts.hasBuiltin() && choiceOf('builtin').model !== undefined;
		const choice = choiceOf(provider.id);
		if (provider.needsBaseUrl && (choice.baseUrl ?? '') === '') return false;
		if (provider.kind === 'local') return choice.model !== undefined;
		return (
			vault.has(provider.id) ||
			parts.relayKeys().includes(provider.id) ||
			(provider.key?.isOptional === true && provider.id === 'custom')
		);
	}

	function modelOf(provider: Provider): string {
		return choiceOf(provider.id).model ?? provider.model;
	}

	function modelsOf(provider: Provider): ModelInfo[] {
		const known = listModels(provider.id).map((model): ModelInfo => ({
			model: model.model,
			label: model.label,
			contextWindow: model.contextWindow,
			...(model.price === undefined ? {} : { price: model.price })
		}));
		const chosen = modelOf(provider);
		if (known.some((model) => model.model === chosen)) return known;
		const { contextWindow } = lookUpModel({ provider: provider.id, model: chosen });
		return [{ model: chosen, label: chosen, contextWindow }, ...known];
	}

	function label({ provider, model }: ModelRef): string {
		const known = listModels(provider).find((one) => one.model === model);
		return known?.label ?? model;
	}

	async function configure(id: string, change: JsonObject): Promise<void> {
		const before = settings.get(`providers/${id}`);
		await settings.set(`providers/${id}`, { ...(isJsonObject(before) ? before : {}), ...change });
	}

	async function probe(id: string, model?: string): Promise<ProbeResult> {
		const provider = findProvider(id);
		if (provider === undefined) throw new AppError('model/unavailable');
		if (provider.id === 'builtin') {
			const { probeBuiltin } = await import('./probe-builtin');
			return probeBuiltin(await parts.builtinAvailability());
		}
		if (provider.kind === 'built-in') return { ok: true, text: `${provider.title} is ready.`, findings: [] };
		const [{ probeProvider }, { createModelPort }] = await Promise.all([
			import('../models/doctor'),
			import('../models/client')
		]);
		return probeProvider(
			{ provider: id, model: model ?? modelOf(provider) },
			{
				...parts.ports,
				// What a person wants to know is about this model, not about another of the chain.
				model: createModelPort({ ...modelDeps, chain: () => undefined }),
				targets: modelDeps.targets,
				pageOrigin: parts.relayOrigin ?? '',
				requestId: `probe.${parts.ports.ids.next()}`
			},
			AbortSignal.timeout(probeTimeoutMs)
		);
	}

	/** A probe that names a model settles which one is used, unless the person chose one. */
	async function probeAndPick(id: string, model?: string): Promise<ProbeResult> {
		const result = await probe(id, model);
		if (result.ok && result.model !== undefined && choiceOf(id).model === undefined) {
			await configure(id, { model: result.model });
		}
		return result;
	}

	/** What a request to this model needs, read while there is a connection: it may be gone when it is sent. */
	async function warm({ provider }: ModelRef): Promise<void> {
		const found = findProvider(provider);
		if (found === undefined || found.kind === 'built-in') return;
		await Promise.all([
			import('../models/client'),
			import('../models/targets'),
			...(vault.has(provider) ? [vault.warm()] : []),
			loadProtocol(choiceOf(provider).protocol ?? found.protocol)
		]);
	}

	return {
		models,
		warm,
		async watch(answer, onEvent) {
			const origin = parts.relayOrigin;
			if (origin === undefined) return;
			const { watchAnswer } = await import('../models/watch-answer');
			await watchAnswer({ ...modelDeps, origin }, answer, onEvent);
		},
		defaultModel() {
			const chosen = readRef(settings.get('models/default'));
			if (chosen !== undefined) return chosen;
			for (const provider of providers.values()) {
				if (provider.kind !== 'built-in' && isReady(provider))
					return { provider: provider.id, model: modelOf(provider) };
			}
			return rehearsalRef;
		},
		options() {
			const options: ModelOption[] = [];
			for (const provider of providers.values()) {
				if (!isReady(provider)) continue;
				for (const info of modelsOf(provider)) {
					const known = lookUpModel({ provider: provider.id, model: info.model });
					options.push({
						ref: { provider: provider.id, model: info.model },
						label: provider.id === 'rehearsal' ? 'Rehearsal' : `${provider.title} · ${info.label}`,
						isReady: true,
						efforts: known.efforts,
						webSearch: known.abilities.webSearch
					});
				}
			}
			return Promise.resolve(options);
		},
		async cards() {
			// Its own chunk: only the page of providers shows them.
			const { providerCard } = await import('./provider-card');
			return [...providers.values()].map((provider): ProviderCard =>
				providerCard(provider, {
					choice: choiceOf(provider.id),
					isReady: isReady(provider),
					hasKey: vault.has(provider.id),
					hasRelayKey: parts.relayKeys().includes(provider.id),
					hasBuiltin: parts.hasBuiltin(),
					model: modelOf(provider),
					models: modelsOf(provider)
				})
			);
		},
		async saveKey(id, key, baseUrl) {
			const provider = findProvider(id);
			if (provider === undefined) throw new AppError('model/unavailable');
			if (key.trim() === '' && provider.key?.isOptional !== true)
				throw new AppError('input/invalid', { message: 'The key is empty.' });
			if (baseUrl !== undefined) await configure(id, { baseUrl });
			if (key.trim() !== '') {
				const origin = originOf(provider, choiceOf(id));
				await vault.save({ id, origin, kind: 'provider-key', key: key.trim() });
			}
			return probeAndPick(id);
		},
		async removeKey(id) {
			await vault.remove(id);
		},
		probe: probeAndPick,
		async configure(id, change) {
			await configure(id, { ...change });
		},
		chain: () => readChain(settings.get('models/chain')),
		async setChain(chain) {
			await settings.set('models/chain', {
				models: chain.models.map(({ provider, model }) => ({ provider, model })),
				perModelTimeoutMs: chain.perModelTimeoutMs
			});
		},
		label,
		// What runs here, and what never answered, costs nothing: that is not a price.
		cost: (model, usage) =>
			findProvider(model.provider)?.kind === 'built-in' || usage.input + usage.output === 0
				? undefined
				: costOf(usage, model),
		async reload() {
			await settings.reload();
			await vault.reload();
		}
	};
}

/** The host that a key is bound to: the provider's own, or the one that the person typed. */
function originOf(provider: Provider, choice: ProviderChoice): string {
	const typed = readBaseAddress(choice.baseUrl ?? '');
	return provider.baseUrl !== '' ? new URL(provider.baseUrl).origin : (typed?.origin ?? '');
}

function readChoice(value: Json | undefined): ProviderChoice & { model?: string } {
	if (!isJsonObject(value)) return {};
	const { via, baseUrl, model, protocol, gateway } = value;
	return {
		...(via === 'relay' || via === 'direct' ? { via } : {}),
		...(typeof baseUrl === 'string' ? { baseUrl } : {}),
		...(typeof model === 'string' && model !== '' ? { model } : {}),
		...(protocol === 'openai-chat' || protocol === 'openai-responses' ? { protocol } : {}),
		...(gateway === undefined ? {} : { gateway })
	};
}

function readRef(value: Json | undefined): ModelRef | undefined {
	if (!isJsonObject(value)) return undefined;
	const { provider, model } = value;
	return typeof provider === 'string' && typeof model === 'string' ? { provider, model } : undefined;
}

function readChain(value: Json | undefined): { models: readonly ModelRef[]; perModelTimeoutMs: number } {
	if (!isJsonObject(value)) return { models: [], perModelTimeoutMs: defaultTimeoutMs };
	const { models, perModelTimeoutMs } = value;
	return {
		models: Array.isArray(models) ? models.flatMap((model: Json) => readRef(model) ?? []) : [],
		perModelTimeoutMs: typeof perModelTimeoutMs === 'number' ? perModelTimeoutMs : defaultTimeoutMs
	};
}
