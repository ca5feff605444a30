/** While a turn runs, and what it runs with: stop, steer, queue, another model, effort, fallback. */

import type { Page } from '@playwright/test';
import { expect, test } from './tap';
import type { WherryPage } from './wherry-page';

const slow = { latency: 60, chunkSize: 10 };
const story = 'wave '.repeat(40);
const lastUser = (lines: readonly string[]) => lines.findLast((line) => line.startsWith('user: '));

test('Stop keeps the text, also for the next request and after a reload (CT-45, CD-33, CD-31)', async ({
	app,
	page,
	upstream
}) => {
	upstream.answer('tell me a story', 'wave '.repeat(400), slow);
	upstream.answer('what next', 'onward');
	await app.connect();
	await app.send('tell me a story');
	await expect(app.articles('Wherry').last()).toContainText('wave wave');
	await page.getByRole('button', { name: 'Stop', exact: true }).click();
	await app.expectTurn('idle', 3_000);
	await expect(app.feed).toContainText('Stopped by you');
	await app.reload();
	await expect(app.articles('Wherry')).toContainText(['wave wave']);
	await app.ask('what next', 'onward');
	const { lines } = upstream.lastAsked('what next');
	expect(lines[0]).toBe('user: tell me a story');
	expect(lines[1]).toMatch(/^assistant: wave wave/);
	expect(lastUser(lines)).toContain('what next');
});

test('a message can steer the running turn: it goes along with the next step (CD-33)', async ({
	app,
	page,
	upstream
}) => {
	upstream.answer('and in metres', 'steered answer');
	upstream.answer({ userMessage: 'long walk', hasToolResult: true }, 'unsteered answer');
	upstream.answer(
		'long walk',
		{ content: story, toolCalls: [{ name: 'clock', arguments: '{}', id: 'call_1' }] },
		slow
	);
	await app.connect();
	await app.send('long walk');
	await expect(app.articles('Wherry').last()).toContainText('wave wave');
	await app.message.fill('and in metres');
	await page.getByRole('button', { name: 'Steer', exact: true }).click();
	await expect(app.articles('Wherry').last()).toContainText('steered answer', { timeout: 20_000 });
	await app.waitIdle();
	await expect(app.articles('You')).toHaveCount(2);
	const asked = upstream.asked('long walk');
	expect(asked).toHaveLength(2);
	expect(asked[1]?.lines.some((line) => line.startsWith('tool: '))).toBe(true);
	expect(asked[1]?.lines).toContain('user: and in metres');
});

test('messages queue behind the running turn, can be taken out, and go in order when it is over (CD-33) @phone', async ({
	app,
	page,
	upstream
}) => {
	upstream.answer('tell me a story', story, slow);
	upstream.answer('the second', 'second answer');
	upstream.answer('the third', 'third answer');
	await app.connect();
	await app.send('tell me a story');
	const queue = page.getByRole('list', { name: 'Queued messages' });
	for (const text of ['the second', 'a mistake', 'the third']) {
		await app.message.fill(text);
		await page.getByRole('button', { name: 'Queue', exact: true }).click();
		await expect(queue.getByRole('listitem').filter({ hasText: text })).toHaveCount(1);
		await expect(app.message).toHaveValue('');
	}
	await queue
		.getByRole('listitem')
		.filter({ hasText: 'a mistake' })
		.getByRole('button', { name: 'Take out of the queue' })
		.click();
	await expect(queue.getByRole('listitem')).toHaveCount(2);
	await expect(app.articles('Wherry').last()).toContainText('third answer', { timeout: 30_000 });
	await app.waitIdle();
	await expect(app.articles('You')).toHaveText([/a story/, /the second/, /the third/]);
	expect(upstream.asked('a mistake')).toHaveLength(0);
	await expect(queue).toHaveCount(0);
});

test('retry with another model puts its answer beside the first; /model switches what comes next (CT-09, CT-23, OT-62)', async ({
	app,
	page,
	upstream
}) => {
	upstream.answer({ userMessage: 'who are you', model: /haiku/ }, 'I am the small one');
	upstream.answer('who are you', 'I am the middle one');
	upstream.answer('what next', 'onward');
	await app.connect();
	await app.ask('who are you', 'I am the middle one');
	await app.articles('Wherry').last().hover();
	await app.articles('Wherry').last().getByRole('button', { name: 'Retry with another model' }).click();
	await page.getByRole('menuitem', { name: /Haiku 5\.5/ }).click();
	const answer = app.articles('Wherry').last();
	await expect(answer).toContainText('I am the small one');
	await expect(answer).toContainText('Haiku 5.5');
	await app.waitIdle();
	await answer.getByRole('button', { name: 'Previous branch' }).click();
	await expect(app.articles('Wherry').last()).toContainText('I am the middle one');

	await app.command('/model opus 5.5');
	await expect(
		page.getByRole('combobox', { name: 'Model', exact: true }).locator('option:checked')
	).toHaveText(/Opus 5\.5/);
	await app.ask('what next', 'onward');
	expect(upstream.lastAsked('what next').model).toBe('claude-opus-5-5');
	expect(upstream.lastAsked('what next').lines).toContain('assistant: I am the middle one');
});

test('effort reaches the provider; the stable prefix is marked for its cache (CT-09, CT-11)', async ({
	app,
	page,
	upstream,
	tap
}) => {
	upstream.answer('first', 'one');
	upstream.answer('second', 'two');
	await app.connect();
	const effort = page.getByRole('combobox', { name: 'Effort' });
	await effort.selectOption('high');
	await app.ask('first', 'one');
	await effort.selectOption('low');
	await app.ask('second', 'two');
	const [one, two] = tap.bodies('first');
	expect(one).toMatchObject({ output_config: { effort: 'high' } });
	expect(two).toMatchObject({
		output_config: { effort: 'low' },
		system: [{ cache_control: { type: 'ephemeral' } }]
	});
	// What was said stays byte for byte, so that the provider finds its prefix again.
	const prefix = (body: unknown) =>
		JSON.stringify(body, (name, value: unknown) => (name === 'cache_control' ? undefined : value));
	const head = prefix({ messages: (one as { messages: unknown[] }).messages }).slice(0, -2);
	expect(prefix({ messages: (two as { messages: unknown[] }).messages }).startsWith(head)).toBe(true);
});

test('"Agent status" says at each boundary what happens, and nothing in between (CD-31)', async ({
	app,
	page,
	upstream
}) => {
	upstream.calls('tell me the time', 'clock', {}, 'there it is');
	await app.connect();
	const said = await page.getByRole('status', { name: 'Agent status' }).evaluateHandle((element) => {
		const texts: string[] = [];
		new MutationObserver(() => {
			const text = element.textContent.trim();
			if (text !== '' && text !== texts.at(-1)) texts.push(text);
		}).observe(element, { childList: true, characterData: true, subtree: true });
		return texts;
	});
	await app.ask('tell me the time', 'there it is');
	await expect.poll(() => said.jsonValue()).toEqual(['Working.', 'clock is done.', 'Done']);
});

async function addToChain(page: Page, app: WherryPage, labels: readonly RegExp[]): Promise<void> {
	await app.open('/providers');
	const add = page.getByRole('combobox', { name: 'Add a model' });
	const order = page.getByRole('list', { name: 'Fallback order' });
	for (const [index, label] of labels.entries()) {
		const option = add.locator('option').filter({ hasText: label }).first();
		await add.selectOption((await option.getAttribute('value')) ?? '');
		await expect(order.getByRole('listitem')).toHaveCount(index + 1);
	}
	await app.open('/');
}

test('when the first model is overloaded the next of the chain answers, calls included, and the attempts are shown (OT-70, OT-62, OT-84)', async ({
	app,
	page,
	upstream,
	tap,
	watch
}) => {
	test.setTimeout(90_000);
	watch.allowErrors(/Failed to load resource/);
	await app.saveKey('Mistral', 'mistral-test-0123456789');
	await app.connect();
	await addToChain(page, app, [/Claude Sonnet 5\.5/, /^Mistral/]);
	upstream.answer(
		{ userMessage: 'tell me the time', model: /claude/ },
		{ error: { message: 'Overloaded', type: 'overloaded_error' }, status: 529 }
	);
	upstream.calls('tell me the time', 'clock', {}, 'there it is');
	await app.chooseModel(/^Anthropic · Claude Sonnet 5\.5/);
	await app.send('tell me the time');
	await expect(app.call('clock')).toContainText('done', { timeout: 40_000 });
	await expect(app.articles('Wherry').last()).toContainText('there it is', { timeout: 40_000 });
	await app.waitIdle();
	const last = app.articles('Wherry').last();
	await expect(last).toContainText(/mistral/i);
	await last.getByText('1 model did not answer').click();
	await expect(last).toContainText(/anthropic.*overloaded/i);
	await expect(page.getByRole('alert')).toHaveCount(0);
	const mistral = tap.seen('tell me the time').filter((one) => one.path.includes('/chat/completions'));
	expect(mistral).toHaveLength(2);
	expect(JSON.parse(mistral.at(-1)?.text ?? '')).toMatchObject({
		messages: expect.arrayContaining([expect.objectContaining({ role: 'tool' })])
	});
});

test('a model that stays silent is given up after the time of the chain, and the next one answers (OT-70)', async ({
	app,
	page,
	upstream
}) => {
	test.setTimeout(90_000);
	await app.saveKey('Mistral', 'mistral-test-0123456789');
	await app.connect();
	await addToChain(page, app, [/Claude Sonnet 5\.5/, /^Mistral/]);
	await app.open('/providers');
	await page.getByRole('spinbutton', { name: 'Seconds for each' }).fill('5');
	await page.getByRole('spinbutton', { name: 'Seconds for each' }).blur();
	upstream.answer({ userMessage: 'hello', model: /claude/ }, 'far too late', { latency: 30_000 });
	upstream.answer('hello', 'the other one speaking');
	await app.open('/');
	await app.chooseModel(/^Anthropic · Claude Sonnet 5\.5/);
	await app.ask('hello', 'the other one speaking');
	await app.articles('Wherry').last().getByText('1 model did not answer').click();
	await expect(app.articles('Wherry').last()).toContainText(/anthropic/);
});

test('Retry-After is waited for while nothing was said, and only then asked again (OT-70)', async ({
	app,
	upstream,
	tap,
	watch
}) => {
	watch.allowErrors(/status of 429/);
	const limit = { error: { message: 'slow down', type: 'rate_limit_error' }, status: 429, retryAfter: 2 };
	upstream.answer({ userMessage: 'hello', sequenceIndex: 0 }, limit);
	upstream.answer('hello', 'good morning');
	await app.connect();
	await app.ask('hello', 'good morning');
	const [first, second] = tap.seen('hello');
	expect((second?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThanOrEqual(1_900);
	expect(tap.seen('hello')).toHaveLength(2);
});
