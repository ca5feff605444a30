/**
 * The connection doctor: one tiny request, on a tap and never before, and from how it fails what stands
 * in the way and how to mend it. A browser's `fetch` gives one word for no network, forbidden CORS and a
 * closed port; a second request in `no-cors` mode tells them apart.
 */

import type { ProbeResult } from '../../wire/commands';
import type { ModelRef } from '../../wire/entries';
import { AppError, toAppError } from '../../wire/errors';
import type { Json } from '../../wire/json';
import type { Clock, FetchPort } from '../ports';
import { findProvider, isLoopbackHost } from './providers';
import type { Provider } from './providers';
import type { ModelPort, ModelReply } from './protocol';
import { notesOf } from './provider-notes';
import type { ModelTarget } from './targets';

type Finding = ProbeResult['findings'][number];

export interface DoctorDeps {
	readonly clock: Clock;
	/** Asks the model as any turn would, but without its fallback chain. */
	readonly model: ModelPort;
	targets(ref: ModelRef): ModelTarget | Promise<ModelTarget>;
	/** The raw network, to ask whether anything answers at an address at all. No key goes with it. */
	readonly fetch: FetchPort;
	/** The page's own origin, e.g. `https://wherry.example`. */
	readonly pageOrigin: string;
	/** Chromium's permission to reach this machine or its network, where it can be asked without a prompt. */
	localNetworkPermission?(): Promise<'granted' | 'denied' | 'prompt' | undefined>;
	readonly isOnline?: () => boolean;
	readonly requestId: string;
}

/** Never rejects. */
export async function probeProvider(
	ref: ModelRef,
	deps: DoctorDeps,
	signal: AbortSignal
): Promise<ProbeResult> {
	const provider = findProvider(ref.provider);
	const startedAt = deps.clock.now();
	try {
		if (provider === undefined) throw new AppError('model/unavailable');
		const target = provider.kind === 'built-in' ? undefined : await deps.targets(ref);
		const early = target === undefined ? undefined : await lookBefore(target, deps);
		if (early !== undefined) return result(ref, new AppError('model/no-network'), [early]);
		const reply = await deps.model.ask(tinyRequest(ref), {
			signal,
			onEvent: ignore,
			requestId: deps.requestId
		});
		const latencyMs = Math.max(0, deps.clock.now() - startedAt);
		if (isAnswer(reply)) {
			return {
				ok: true,
				text: `${provider.title} answered in ${(latencyMs / 1000).toFixed(1)} s.`,
				findings: [],
				model: ref.model,
				latencyMs
			};
		}
		if (reply.stop === 'aborted')
			return result(ref, new AppError('model/no-network', { message: 'The probe was stopped.' }), []);
		const error = toAppError(reply.error ?? new AppError('model/stream-cut'));
		const findings = await diagnose(error, provider, target, ref, deps, signal);
		const isCors = findings.some((finding) => finding === findings[0] && finding.problem.includes('CORS'));
		return result(ref, isCors ? new AppError('model/blocked-by-cors', dataOf(error)) : error, findings);
	} catch (thrown) {
		const error = toAppError(thrown, 'model/unavailable');
		return result(ref, error, [{ problem: error.message }]);
	}
}

function dataOf(error: AppError): { readonly data?: Json } {
	return error.data === undefined ? {} : { data: error.data };
}

function tinyRequest(ref: ModelRef): Parameters<ModelPort['ask']>[0] {
	return {
		model: ref,
		system: '',
		messages: [{ role: 'user', parts: [{ type: 'text', text: 'Reply with the word: ready' }] }],
		tools: [],
		// Room for a model that thinks before its first word; some refuse less than 16.
		maxOutputTokens: 64,
		files: new Map()
	};
}

/** Cut off by our own small limit is an answer too. */
function isAnswer(reply: ModelReply): boolean {
	return reply.error === undefined && reply.stop !== 'aborted' && reply.stop !== 'cut';
}

/** What can be seen without asking: a page served securely may not call plain http, but for this machine. */
async function lookBefore(target: ModelTarget, deps: DoctorDeps): Promise<Finding | undefined> {
	const url = new URL(target.base);
	if (deps.isOnline?.() === false && !isLoopbackHost(url.hostname)) {
		return { problem: 'This device is offline.', mend: 'Connect to the network, then probe again.' };
	}
	const isMixed =
		deps.pageOrigin.startsWith('https:') && url.protocol === 'http:' && !isLoopbackHost(url.hostname);
	if (isMixed) {
		return {
			problem: `A page served over https may not call ${url.origin} over http.`,
			mend: 'Give that server an https address, or run Wherry on that machine and use localhost.'
		};
	}
	if (isNearby(url.hostname) && (await deps.localNetworkPermission?.()) === 'denied') {
		return {
			problem: 'This browser has been told not to let this page reach your machine or local network.',
			mend: 'Open the site settings beside the address bar, allow "Local network access", then probe again.'
		};
	}
	return undefined;
}

function isNearby(host: string): boolean {
	return (
		isLoopbackHost(host) ||
		/^(10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|169\.254\.)/.test(host) ||
		host.endsWith('.local')
	);
}

async function diagnose(
	error: AppError,
	provider: Provider,
	target: ModelTarget | undefined,
	ref: ModelRef,
	deps: DoctorDeps,
	signal: AbortSignal
): Promise<readonly Finding[]> {
	const detail = detailOf(error);
	const { keyUrl } = notesOf(provider.id);
	const keyHint = keyUrl === undefined ? '' : ` Keys are made at ${keyUrl}.`;
	switch (error.id) {
		case 'model/no-key':
			return [{ problem: `${provider.title} has no key yet.`, mend: `Paste a key and save it.${keyHint}` }];
		case 'relay/not-authorized':
			return [
				{
					problem: error.message,
					mend: 'Settings, Relay takes an invitation; a provider that allows it can be called directly.'
				}
			];
		case 'model/wrong-key':
			return [
				{
					problem: `${provider.title} did not accept the key.${detail}`,
					mend: `Check that the key is whole, not expired, and made for ${provider.title}.${keyHint}`
				}
			];
		case 'model/plan':
			return [
				{
					problem: `The account behind this key cannot pay for this.${detail}`,
					mend: 'Add credit or a plan with the provider, or pick a model that it includes.'
				}
			];
		case 'model/not-found':
			return [whatIsMissing(provider, ref, detail)];
		case 'model/rate-limited':
		case 'model/overloaded':
			return [
				{
					problem: `${provider.title} answers, and asks to slow down.${detail}`,
					mend: 'The connection and the key are right. Try again in a minute.'
				}
			];
		case 'model/no-network':
		case 'model/timeout':
			return target === undefined ? [] : [await whyUnreachable(error, provider, target, deps, signal)];
		case 'model/malformed-stream':
		case 'model/stream-cut':
			return [
				{
					problem: 'Something answers at this address, but not as a model does.',
					mend: 'Check the address: it should be the base that the server\u2019s documentation names, often ending in /v1.'
				}
			];
		default:
			return [{ problem: `${error.message}${detail}` }];
	}
}

function whatIsMissing(provider: Provider, ref: ModelRef, detail: string): Finding {
	if (provider.id === 'ollama') {
		return {
			problem: `Ollama does not have ${ref.model}.${detail}`,
			mend: `Run "ollama pull ${ref.model}", or pick a model that it has.`
		};
	}
	if (/model/i.test(detail)) {
		return {
			problem: `${provider.title} does not know the model ${ref.model}.${detail}`,
			mend: 'Pick another model from the list.'
		};
	}
	return {
		problem: `There is no model service at this address, or it does not know ${ref.model}.${detail}`,
		mend:
			provider.needsBaseUrl || provider.kind === 'local'
				? 'Check the address (often it ends in /v1) and the model\u2019s name.'
				: 'Pick another model from the list.'
	};
}

/** Something answers a request that needs no permission, but not ours: then it is CORS. */
async function whyUnreachable(
	error: AppError,
	provider: Provider,
	target: ModelTarget,
	deps: DoctorDeps,
	signal: AbortSignal
): Promise<Finding> {
	const { origin, hostname } = new URL(target.base);
	if (target.via === 'relay') {
		return {
			problem: 'The relay could not be reached.',
			mend: 'Check the connection and reload the page. If this page was opened from another copy of Wherry, open it at its own address.'
		};
	}
	const answers = await isAnything(origin, deps, signal);
	if (answers) {
		return {
			problem: `${origin} answers, but does not let this page read it (CORS).`,
			mend: allowOrigin(provider, deps.pageOrigin)
		};
	}
	if (error.id === 'model/timeout') {
		return {
			problem: `${origin} did not answer in time.`,
			mend: 'Try again, or check that the server is not busy loading a model.'
		};
	}
	if (isNearby(hostname)) {
		return {
			problem: `Nothing answers at ${origin}.`,
			mend: startServer(provider)
		};
	}
	return { problem: `${origin} could not be reached.`, mend: 'Check the address and the connection.' };
}

async function isAnything(origin: string, deps: DoctorDeps, signal: AbortSignal): Promise<boolean> {
	try {
		await deps.fetch(new Request(`${origin}/`, { method: 'GET', mode: 'no-cors', signal }));
		return true;
	} catch {
		return false;
	}
}

function allowOrigin(provider: Provider, pageOrigin: string): string {
	switch (provider.id) {
		case 'ollama':
			return `Start Ollama with the environment variable OLLAMA_ORIGINS=${pageOrigin} set, then probe again.`;
		case 'lmstudio':
			return 'In LM Studio open Developer, Server settings, and switch on "Enable CORS", then probe again.';
		case 'custom':
			return `Let that server send "Access-Control-Allow-Origin: ${pageOrigin}" and allow the headers authorization and content-type (vLLM: --allowed-origins).`;
		default:
			return 'Switch this provider to go through the relay.';
	}
}

function startServer(provider: Provider): string {
	switch (provider.id) {
		case 'ollama':
			return 'Start Ollama ("ollama serve"). If it runs, this browser may be asking for permission to reach local devices: allow it.';
		case 'lmstudio':
			return 'In LM Studio open Developer and start the server. If it runs, allow this page to reach local devices when the browser asks.';
		default:
			return 'Start the server and check its port. If it runs, allow this page to reach local devices when the browser asks.';
	}
}

function detailOf(error: AppError): string {
	const data = error.data;
	if (typeof data !== 'object' || data === null || !('detail' in data)) return '';
	const { detail } = data;
	return typeof detail === 'string' && detail !== '' ? ` It says: ${detail.slice(0, 200)}` : '';
}

function result(ref: ModelRef, error: AppError, findings: readonly Finding[]): ProbeResult {
	return {
		ok: false,
		text: findings[0]?.problem ?? error.message,
		error: error.toWire(),
		findings,
		model: ref.model
	};
}

function ignore(): void {
	// A probe shows nothing while it runs.
}
