/** One conversation in several providers' formats: Workers AI's own, translation between them, a gateway's native path. */

import Anthropic from '@anthropic-ai/sdk';
import { expect, test } from './tap';
import type { Speak } from './tap';
import type { WherryPage } from './wherry-page';

const account = '0123456789abcdef0123456789abcdef';

/**
 * Workers AI as its documentation has it (developers.cloudflare.com/workers-ai/features/function-calling): text in
 * `response`, calls whole in `tool_calls`, arguments as an object, no ids, usage at the end.
 */
const workersAi: Speak = ({ path, text }) => {
	if (!path.includes('/ai/run/')) return undefined;
	const usage = { prompt_tokens: 1200, completion_tokens: 30, total_tokens: 1230 };
	const events = text.includes('"role":"tool"')
		? [{ response: 'there ' }, { response: 'it is' }, { response: '', usage }]
		: text.includes('tell me the time')
			? [
					{ response: 'Let me look.' },
					{ response: '', tool_calls: [{ name: 'clock', arguments: { zone: 'Asia/Tokyo' } }] },
					{ response: '', usage }
				]
			: [{ response: 'ok' }, { response: '', usage }];
	return [...events.map((event) => JSON.stringify(event)), '[DONE]'];
};

async function connectWorkersAi(app: WherryPage): Promise<void> {
	await app.open('/providers');
	const card = app.provider('Cloudflare Workers AI');
	await card.getByRole('textbox', { name: 'Base URL' }).fill(account);
	await card.getByRole('textbox', { name: 'API key' }).fill('cf-test-0123');
	await card.getByRole('button', { name: 'Save', exact: true }).click();
	await expect(card.getByRole('status')).toContainText(/answered/i, { timeout: 20_000 });
	await app.open('/');
	await app.chooseModel(/^Cloudflare Workers AI/);
}

test('Llama 3.3 on Workers AI uses a skill in Workers AI’s own format (OT-53, SAM-65)', async ({
	app,
	tap
}) => {
	tap.speakAs(workersAi);
	await connectWorkersAi(app);
	await app.ask('tell me the time', 'there it is');
	expect(await app.transcript()).toEqual(['You', 'Wherry', 'Call: clock', 'Wherry']);
	await expect(app.article('Wherry', 0)).toContainText('Let me look.');
	await expect(app.articles('Wherry').last()).toContainText(/Done · 2 steps · .*2[.,]?[45].* tokens/);

	const asked = tap.seen('tell me the time');
	expect(asked).toHaveLength(2);
	for (const { path, headers } of asked) {
		expect(decodeURIComponent(path)).toBe(
			`/client/v4/accounts/${account}/ai/run/@cf/meta/llama-3.3-70b-instruct-fp8-fast`
		);
		expect(headers['authorization']).toBe('Bearer cf-test-0123');
	}
	const [first, second] = tap.bodies('tell me the time');
	expect(first).toMatchObject({
		stream: true,
		tools: expect.arrayContaining([
			{
				type: 'function',
				function: expect.objectContaining({
					name: 'clock',
					parameters: expect.objectContaining({ type: 'object' })
				})
			}
		])
	});
	expect(second).toMatchObject({
		messages: expect.arrayContaining([
			expect.objectContaining({ role: 'tool', content: expect.stringContaining('Asia/Tokyo') })
		])
	});
});

test('a conversation that began with Anthropic goes on in OpenAI’s format, its call and result translated (SAM-65)', async ({
	app,
	upstream,
	tap
}) => {
	upstream.answer('and now in short', 'noon');
	upstream.calls('tell me the time', 'clock', { zone: 'Asia/Tokyo' }, 'there it is');
	await app.saveKey('Groq', 'gsk_test0123456789abcdef');
	await app.connect();
	await app.ask('tell me the time', 'there it is');
	await app.chooseModel(/^Groq/);
	await app.ask('and now in short', 'noon');
	const last = tap.seen('and now in short').at(-1);
	expect(last?.path).toBe('/openai/v1/chat/completions');
	expect(tap.bodies('and now in short').at(-1)).toMatchObject({
		messages: expect.arrayContaining([
			{ role: 'user', content: 'tell me the time' },
			expect.objectContaining({
				role: 'assistant',
				tool_calls: [
					expect.objectContaining({
						type: 'function',
						function: { name: 'clock', arguments: expect.stringContaining('Asia/Tokyo') }
					})
				]
			}),
			expect.objectContaining({ role: 'tool', content: expect.stringContaining('Asia/Tokyo') }),
			{ role: 'user', content: 'and now in short' }
		])
	});
});

test('a program’s Anthropic stream goes through the relay and an AI Gateway as it is, event by event (OT-87)', async ({
	worker,
	upstream,
	tap
}) => {
	upstream.answer('tell me a story', 'wave '.repeat(40), { latency: 20, chunkSize: 10 });
	const client = new Anthropic({
		baseURL: `${worker.origin}/api/relay/ai-gateway/v1/${account}/harbour/anthropic`,
		apiKey: 'sk-ant-test-0123456789abcdef',
		defaultHeaders: { 'cf-aig-authorization': 'Bearer aig-test-0123', 'cf-aig-skip-cache': 'true' },
		maxRetries: 0
	});
	const startedAt = Date.now();
	let firstAt = 0;
	const stream = client.messages.stream({
		// A name that the SDK does not warn about.
		model: 'scripted',
		max_tokens: 200,
		messages: [{ role: 'user', content: 'tell me a story' }]
	});
	stream.on('text', () => {
		if (firstAt === 0) firstAt = Date.now();
	});
	const message = await stream.finalMessage();
	const endedAt = Date.now();
	expect(message.content).toEqual([expect.objectContaining({ type: 'text', text: 'wave '.repeat(40) })]);
	// Passed on as it came, not gathered: the first words were there long before the last.
	expect(endedAt - firstAt).toBeGreaterThan((endedAt - startedAt) / 4);
	const [asked] = tap.seen('tell me a story');
	expect(asked?.path).toBe(`/v1/${account}/harbour/anthropic/v1/messages`);
	expect(asked?.headers).toMatchObject({
		'cf-aig-authorization': 'Bearer aig-test-0123',
		'cf-aig-skip-cache': 'true',
		'anthropic-version': expect.any(String)
	});
	// Whichever header the SDK's version puts it in.
	const { authorization, 'x-api-key': apiKey } = asked?.headers ?? {};
	expect([authorization, apiKey].join(' ')).toContain('sk-ant-test-0123456789abcdef');
});

test('in Auto the stream passes as it comes, before a call, through it and after (OT-69)', async ({
	app,
	page,
	upstream
}) => {
	const slowly = { latency: 40, chunkSize: 10 };
	upstream.answer({ userMessage: 'tell me the time', hasToolResult: true }, 'tide '.repeat(120), slowly);
	upstream.answer(
		'tell me the time',
		{ content: 'wave '.repeat(120), toolCalls: [{ name: 'clock', arguments: '{}', id: 'call_clock_1' }] },
		slowly
	);
	await app.connect();
	await app.chooseMode('Auto');
	await app.send('tell me the time');
	for (const word of ['wave wave', 'tide tide']) {
		const answer = app.articles('Wherry').last();
		await expect(answer).toContainText(word, { timeout: 20_000 });
		await expect(answer).toHaveAttribute('aria-busy', 'true');
		await expect(page.locator('html')).toHaveAttribute('data-turn', 'running');
	}
	await app.waitIdle();
	expect(await app.transcript()).toEqual(['You', 'Wherry', 'Call: clock', 'Wherry']);
});

test('after a reload in the middle of a turn the model is told the very same time and ids: they are read from the journal (CT-05)', async ({
	app,
	upstream,
	tap
}) => {
	upstream.answer({ userMessage: 'tell me the time', hasToolResult: true }, 'there it is', {
		latency: 4_000
	});
	upstream.answer('tell me the time', {
		toolCalls: [{ name: 'clock', arguments: '{"zone":"Asia/Tokyo"}', id: 'call_clock_1' }]
	});
	await app.connect();
	await app.send('tell me the time');
	await expect.poll(() => tap.seen('"type":"tool_result"').length).toBe(1);
	await app.reload();
	await expect(app.articles('Wherry').last()).toContainText('there it is', { timeout: 30_000 });
	await app.waitIdle();
	expect(await app.transcript()).toEqual(['You', 'Call: clock', 'Wherry']);
	// The edge kept the answer, so the next question is the first request that this life builds.
	await app.ask('and thank you', 'ok');
	const told = tap.seen('"type":"tool_result"').map(({ text }) => turnIn(text));
	expect(told).toHaveLength(2);
	expect(told[0]).toContain('tool_result');
	expect(told[1]).toBe(told[0]);
});

/** The call and its result as the model is told of them; what a provider is to cache may move on. */
function turnIn(body: string): string {
	const { messages }: { messages: { content: unknown }[] } = JSON.parse(body);
	const blocks = messages.flatMap(({ content }) => (Array.isArray(content) ? content : []));
	const told = blocks.filter(({ type }: { type: string }) => type === 'tool_use' || type === 'tool_result');
	return JSON.stringify(told, (name, value: unknown) => (name === 'cache_control' ? undefined : value));
}
