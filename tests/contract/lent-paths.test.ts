/** What the relay's keys are lent for: whatever our own client asks, and nothing that reads or changes an account. */

import { describe, expect, test } from 'vitest';
import { listModels } from '../../src/lib/agent/models/catalog';
import { universalCall } from '../../src/lib/agent/models/gateway';
import { loadProtocol } from '../../src/lib/agent/models/protocols';
import { providers } from '../../src/lib/agent/models/providers';
import { resolveTarget } from '../../src/lib/agent/models/targets';
import { isUniversal, lentFor } from '../../src/lib/edge/home/lent-paths';
import { splitRelayPath } from '../../src/lib/edge/relay-target';
import { allowsRelayPath, relayProviders, type ProtocolId } from '../../src/lib/wire/providers';

const ids = Object.keys(relayProviders);
const origin = 'https://w.test';
const addresses: Readonly<Record<string, string>> = {
	'ai-gateway': 'https://gateway.ai.cloudflare.com/v1/acc/gw/compat',
	'workers-ai': '0123456789abcdef0123456789abcdef'
};

/** Where our own client asks a model of this provider, below `/api/relay/{provider}`. */
async function ownPath(id: string, model: string, protocol?: ProtocolId): Promise<string> {
	const choice = {
		via: 'relay' as const,
		...(addresses[id] === undefined ? {} : { baseUrl: addresses[id] }),
		...(protocol === undefined ? {} : { protocol })
	};
	const target = resolveTarget({ provider: id, model }, choice, origin);
	const call = (await loadProtocol(target.protocol))?.encode(
		{ model: target.target.ref, system: '', messages: [], tools: [], files: new Map() },
		target.target
	);
	return splitRelayPath(new URL(target.base + (call?.path ?? '')).pathname)?.path ?? '';
}

/** Of a whole account, below a provider's base. */
const account = [
	'files',
	'files/file_1',
	'files/file_1/content',
	'batches',
	'batches/b_1',
	'batches/b_1/cancel',
	'messages/batches',
	'messages/batches/b_1',
	'messages/batches/b_1/results',
	'responses/resp_1',
	'responses/resp_1/input_items',
	'responses/resp_1/cancel',
	'chat/completions/c_1',
	'conversations',
	'conversations/c_1/items',
	'fine_tuning/jobs',
	'models/m_1/operations',
	'models/m_1:generateContent/x',
	'cachedContents',
	'cachedContents/c_1',
	'tunedModels',
	'vector_stores',
	'assistants',
	'threads',
	'containers/c_1/files/f_1/content',
	'videos',
	'images/generations',
	'audio/speech',
	'organization/users',
	'organizations/usage_report/messages',
	'user/balance',
	'key',
	'keys',
	'credits',
	'generation',
	'run'
];

describe('a key of the relay\u2019s', () => {
	test.each(ids)('%s: is lent for what our own client asks, through each protocol', async (id) => {
		const provider = providers.get(id);
		const models = [provider?.model ?? '', ...listModels(id).map(({ model }) => model)];
		const protocols: (ProtocolId | undefined)[] = id === 'openai' ? [undefined, 'openai-chat'] : [undefined];
		for (const model of models)
			for (const protocol of protocols) {
				const path = await ownPath(id, model, protocol);
				const steps = lentFor(id, 'POST', path, '{}');
				expect(steps, path).toHaveLength(1);
				expect(['free', 'input']).not.toContain(steps?.[0]?.asking);
			}
	});

	test.each(ids)('%s: is lent for no part of the account, by no method', (id) => {
		const provider = relayProviders[id];
		const bases = new Set([provider?.basePath ?? '', '/v1', '/v1beta', '/upload/v1beta', '/v1/acc/gw']);
		if (id === 'workers-ai') bases.add('/client/v4/accounts/acc/ai').add('/client/v4/accounts/acc/ai/v1');
		if (id === 'ai-gateway')
			for (const name of ['compat', 'openai', 'anthropic/v1', 'google-ai-studio/v1beta', 'workers-ai/v1'])
				bases.add(`/v1/acc/gw/${name}`);
		for (const base of bases)
			for (const below of account)
				for (const method of ['GET', 'HEAD', 'POST', 'DELETE', 'PUT', 'PATCH'])
					expect(lentFor(id, method, `${base}/${below}`, '{}'), `${method} ${base}/${below}`).toBeUndefined();
	});

	test.each(ids)(
		'%s: is lent by no other method than the path\u2019s own, and only where the relay passes it on',
		async (id) => {
			const path = await ownPath(id, providers.get(id)?.model ?? '');
			const provider = relayProviders[id];
			expect(provider !== undefined && allowsRelayPath(provider, path)).toBe(true);
			for (const method of ['DELETE', 'PUT', 'PATCH'])
				expect(lentFor(id, method, path, '{}')).toBeUndefined();
			for (const more of ['/', '/x', '/../files', ' ', '?x', '#x'])
				expect(lentFor(id, 'POST', path + more, '{}'), path + more).toBeUndefined();
		}
	);

	test.each([
		['anthropic', 'GET', '/v1/models'],
		['anthropic', 'GET', '/v1/models/claude-sonnet-5'],
		['anthropic', 'POST', '/v1/messages/count_tokens'],
		['anthropic', 'HEAD', ''],
		['openai', 'GET', '/v1/models'],
		['openai', 'POST', '/v1/completions'],
		['openai', 'POST', '/v1/embeddings'],
		['gemini', 'GET', '/v1beta/models'],
		['gemini', 'POST', '/v1beta/models/gemini-3-pro:generateContent'],
		['gemini', 'POST', '/v1/models/gemini-3-pro:countTokens'],
		['gemini', 'POST', '/v1beta/models/embedding-1:embedContent'],
		['gemini', 'GET', '/v1beta/models/gemini-3-pro'],
		['gemini', 'POST', '/v1beta/openai/chat/completions'],
		['deepseek', 'POST', '/beta/completions'],
		['ai-gateway', 'POST', '/compat/chat/completions'],
		['ai-gateway', 'POST', '/v1/acc/gw/openai/responses'],
		['ai-gateway', 'POST', '/v1/acc/gw/anthropic/v1/messages'],
		['ai-gateway', 'POST', '/v1/acc/gw/google-ai-studio/v1beta/models/m:streamGenerateContent'],
		['ai-gateway', 'POST', '/v1/acc/gw/workers-ai/@cf/meta/llama-3.1-8b-instruct'],
		['workers-ai', 'POST', '/client/v4/accounts/acc/ai/run/@hf/a/b'],
		['workers-ai', 'POST', '/client/v4/accounts/acc/ai/v1/chat/completions']
	])('%s: %s %s', (id, method, path) => {
		expect(lentFor(id, method, path, '{}')).toHaveLength(1);
	});

	test('asks one model at a time, and makes or deletes none', () => {
		for (const verb of [
			'batchGenerateContent',
			'asyncBatchEmbedContent',
			'predictLongRunning',
			'transferOwnership'
		])
			expect(lentFor('gemini', 'POST', `/v1beta/models/m:${verb}`, '{}')).toBeUndefined();
		for (const id of ids)
			for (const path of [
				'/v1/models/m',
				'/v1beta/models/m',
				'/openai/v1/models/m',
				'/models/m',
				'/api/v1/models/m'
			])
				for (const method of ['POST', 'DELETE', 'PATCH'])
					expect(lentFor(id, method, path, '{}')).toBeUndefined();
	});

	test('is lent to nobody that there is no table for', () => {
		for (const id of ['', 'nope', '__proto__', 'constructor'])
			expect(lentFor(id, 'POST', '/v1/chat/completions', '{}')).toBeUndefined();
	});
});

describe('the gateway\u2019s token for a list of providers', () => {
	const lentTo = (...steps: unknown[]) => lentFor('ai-gateway', 'POST', '/v1/acc/gw', JSON.stringify(steps));
	const good = { provider: 'openai', endpoint: 'chat/completions', query: { model: 'm' } };

	test('is lent where each step asks a model, as our own does', () => {
		const base = 'https://w.test/api/relay/ai-gateway/v1/acc/gw/compat';
		const call = universalCall(base, [{ model: 'a' }, { model: 'b' }], 1000);
		const path = splitRelayPath(new URL(call?.base ?? '').pathname)?.path ?? '';
		expect(isUniversal('ai-gateway', path)).toBe(true);
		const steps = lentFor('ai-gateway', 'POST', path, JSON.stringify(call?.body));
		expect(steps?.map(({ body }) => body)).toEqual([{ model: 'a' }, { model: 'b' }]);
		expect(lentFor('ai-gateway', 'POST', '/universal', JSON.stringify([good]))).toHaveLength(1);
		expect(lentTo(good, { ...good, provider: 'anthropic', endpoint: '/v1/messages?beta=true' })).toHaveLength(
			2
		);
	});

	test('is not lent where one of them does not, or nobody can say', () => {
		for (const endpoint of [
			'files',
			'files/f_1/content',
			'batches',
			'responses/resp_1',
			'chat/completions/../../files',
			'chat/completions/%2e%2e/files',
			'chat/completions/.\t./files',
			'chat/completions#',
			'\\files',
			'/files',
			'?chat/completions',
			'',
			7
		])
			expect(lentTo(good, { ...good, endpoint }), String(endpoint)).toBeUndefined();
		for (const provider of ['custom-mine', '../a', 'openai/v1', '', 'anthropic', undefined])
			expect(lentTo({ ...good, provider }), provider).toBeUndefined();
		expect(lentTo()).toBeUndefined();
		expect(lentTo(null)).toBeUndefined();
		for (const body of ['', '{}', 'no json', JSON.stringify(good)])
			expect(lentFor('ai-gateway', 'POST', '/v1/acc/gw', body)).toBeUndefined();
		for (const method of ['GET', 'DELETE'])
			expect(lentFor('ai-gateway', method, '/v1/acc/gw', JSON.stringify([good]))).toBeUndefined();
	});
});
