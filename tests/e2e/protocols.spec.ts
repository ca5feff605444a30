/** Every protocol, from the page through the relay to a model server: what each provider is asked, in its own shape. */

import { expect, test } from './tap';
import type { Tap } from './tap';
import type { Upstream } from './upstream';

const usage = { input_tokens: 1200, output_tokens: 30, prompt_tokens: 1200, completion_tokens: 30 };
const geminiUsage = { promptTokenCount: 1200, candidatesTokenCount: 30 };

function clockLoop(upstream: Upstream): void {
	upstream.answer(
		{ userMessage: 'tell me the time', hasToolResult: true },
		{ content: 'there it is', usage: { ...usage, ...geminiUsage } }
	);
	upstream.answer('tell me the time', {
		content: 'Let me look.',
		reasoning: 'The clock knows that.',
		toolCalls: [{ name: 'clock', arguments: '{"zone":"Asia/Tokyo"}', id: 'call_clock_1' }],
		usage: { ...usage, ...geminiUsage }
	});
}

const second = (tap: Tap): unknown => tap.bodies('tell me the time').at(-1);

const providers = [
	{
		title: 'Anthropic',
		key: 'sk-ant-test-0123456789abcdef',
		path: '/v1/messages',
		header: ['x-api-key', 'sk-ant-test-0123456789abcdef'],
		result: {
			messages: [
				{ role: 'user', content: [{ type: 'text', text: 'tell me the time' }] },
				{
					role: 'assistant',
					content: expect.arrayContaining([
						expect.objectContaining({ type: 'thinking', thinking: 'The clock knows that.' }),
						expect.objectContaining({ type: 'tool_use', name: 'clock', input: { zone: 'Asia/Tokyo' } })
					])
				},
				{
					role: 'user',
					content: [
						expect.objectContaining({ type: 'tool_result', content: expect.stringContaining('Asia/Tokyo') })
					]
				}
			]
		}
	},
	{
		title: 'OpenAI',
		key: 'sk-test-0123456789abcdef0123',
		path: '/v1/responses',
		header: ['authorization', 'Bearer sk-test-0123456789abcdef0123'],
		result: {
			input: expect.arrayContaining([
				expect.objectContaining({
					type: 'function_call',
					name: 'clock',
					arguments: expect.stringContaining('Asia/Tokyo')
				}),
				expect.objectContaining({
					type: 'function_call_output',
					output: expect.stringContaining('Asia/Tokyo')
				})
			])
		}
	},
	{
		title: 'Groq',
		key: 'gsk_test0123456789abcdef',
		path: '/openai/v1/chat/completions',
		header: ['authorization', 'Bearer gsk_test0123456789abcdef'],
		result: {
			messages: expect.arrayContaining([
				expect.objectContaining({
					role: 'assistant',
					tool_calls: [
						expect.objectContaining({
							type: 'function',
							function: { name: 'clock', arguments: expect.stringContaining('Asia/Tokyo') }
						})
					]
				}),
				expect.objectContaining({ role: 'tool', content: expect.stringContaining('Asia/Tokyo') })
			])
		}
	},
	{
		title: 'Google Gemini',
		key: 'AIzaTest0123456789abcdef',
		path: ':streamGenerateContent',
		header: ['x-goog-api-key', 'AIzaTest0123456789abcdef'],
		result: {
			contents: expect.arrayContaining([
				expect.objectContaining({
					role: 'model',
					parts: expect.arrayContaining([
						expect.objectContaining({
							functionCall: expect.objectContaining({ name: 'clock', args: { zone: 'Asia/Tokyo' } })
						})
					])
				}),
				expect.objectContaining({
					role: 'user',
					parts: [
						expect.objectContaining({
							functionResponse: expect.objectContaining({ name: 'clock', response: expect.anything() })
						})
					]
				})
			])
		}
	}
] as const;

for (const provider of providers) {
	test(`${provider.title}: reasoning, a call, its result in the provider's own shape, the answer, what it took and its trace (OT-47, OT-49, OT-82, OT-83, OT-84, OT-86, CD-24, CD-25, CD-26, CT-06, CT-08)`, async ({
		app,
		page,
		upstream,
		tap
	}) => {
		clockLoop(upstream);
		await app.connect(provider.title, provider.key);
		await app.send('tell me the time');
		await expect(app.articles('Wherry').last()).toContainText('there it is');
		await app.waitIdle();

		// What reached the provider.
		const asked = tap.seen('tell me the time');
		expect(asked).toHaveLength(2);
		expect(asked[0]?.path).toContain(provider.path);
		const [header, value] = provider.header;
		expect(asked[0]?.headers[header]).toBe(value);
		expect(asked[0]?.headers['cookie']).toBeUndefined();
		expect(second(tap)).toMatchObject(provider.result);

		// What the person sees: the reasoning shut and apart, the call, the answer under the model's name.
		expect(await app.transcript()).toEqual(['You', 'Wherry', 'Call: clock', 'Wherry']);
		const first = app.article('Wherry', 0);
		await expect(first).toContainText('Let me look.');
		await expect(first).not.toContainText('The clock knows that.');
		await first.getByText('Reasoning', { exact: true }).click();
		await expect(first).toContainText('The clock knows that.');
		await app
			.call('clock')
			.getByRole('button', { name: /^clock/ })
			.click();
		await expect(app.call('clock')).toContainText('Asia/Tokyo');

		// How it ended: two steps, tokens of both.
		const last = app.articles('Wherry').last();
		await expect(last).toContainText(/Done · 2 steps · .*2[.,]?[45].* tokens/);
		await last.getByRole('button', { name: 'Trace' }).click();
		const trace = page.getByRole('dialog', { name: 'Trace of this turn' });
		await expect(trace.getByRole('listitem').filter({ hasText: 'clock' })).toHaveCount(1);
		await expect(trace.getByRole('listitem').filter({ hasText: /^Step/ })).toHaveCount(2);
	});
}

test('what a turn cost is shown where the price is known (OT-84)', async ({ app, page, upstream }) => {
	upstream.answer('hello', {
		content: 'good morning',
		usage: { input_tokens: 1_000_000, output_tokens: 100_000 }
	});
	await app.connect();
	await app.ask('hello', 'good morning');
	await expect(app.articles('Wherry').last()).toContainText(/\$\s?\d/);
	await expect(page.getByRole('main').or(page.locator('header')).first()).toContainText(/\$\s?\d/);
});

test('a trace is still there after a reload (OT-49)', async ({ app, page, upstream }) => {
	upstream.calls('tell me the time', 'clock', {}, 'there it is');
	await app.connect();
	await app.ask('tell me the time', 'there it is');
	await app.reload();
	await app.articles('Wherry').last().getByRole('button', { name: 'Trace' }).click();
	const trace = page.getByRole('dialog', { name: 'Trace of this turn' });
	await expect(trace.getByRole('listitem').filter({ hasText: 'clock' })).toHaveCount(1);
});

test('text appears while it is still being written (CT-08, CD-25)', async ({ app, page, upstream }) => {
	upstream.answer('tell me a story', 'wave '.repeat(60), { latency: 40, chunkSize: 10 });
	await app.connect();
	await app.send('tell me a story');
	const answer = app.articles('Wherry').last();
	await expect(answer).toContainText('wave wave');
	await expect(answer).toHaveAttribute('aria-busy', 'true');
	await expect(page.locator('html')).toHaveAttribute('data-turn', 'running');
	await app.waitIdle();
	await expect(answer).not.toHaveAttribute('aria-busy', 'true');
});

test('two calls of one step run side by side and both results go back (OT-82, CD-24)', async ({
	app,
	upstream,
	tap
}) => {
	upstream.answer({ userMessage: 'both please', hasToolResult: true }, 'both are done');
	upstream.answer('both please', {
		toolCalls: [
			{ name: 'clock', arguments: '{}', id: 'call_a' },
			{ name: 'calculate', arguments: '{"expression":"6*7"}', id: 'call_b' }
		]
	});
	await app.connect();
	await app.ask('both please', 'both are done');
	expect(tap.bodies('both please').at(-1)).toMatchObject({
		messages: [
			{ role: 'user' },
			{ role: 'assistant' },
			{
				role: 'user',
				content: [
					{ type: 'tool_result', tool_use_id: 'call_a' },
					{ type: 'tool_result', tool_use_id: 'call_b', content: expect.stringContaining('42') }
				]
			}
		]
	});
});
