/** How free the agent is: propose, selective, auto; what runs by itself, what waits, and when it stops. */

import { expect, test } from './tap';

const away = 'https://harbour-news.test/today';

test('Propose works without native tools: a fenced block becomes a card, its approval runs it, its result goes back (OT-44, CT-03)', async ({
	app,
	upstream,
	tap
}) => {
	upstream.answer(
		// Without native tools the result comes as the next message.
		{ predicate: ({ messages }) => messages.some((one) => JSON.stringify(one).includes('42')) },
		'it is forty-two'
	);
	upstream.answer(
		'multiply',
		'I would do this:\n\n```open-think-action\n{"action": "calculate", "args": {"expression": "6*7"}}\n```\n'
	);
	await app.connect();
	await app.chooseMode('Propose');
	await app.send('multiply');
	await app.expectTurn('held');
	await expect(app.article('Wherry', 0)).toContainText('I would do this');
	await expect(app.article('Wherry', 0)).not.toContainText('open-think-action');
	await expect(app.approval('calculate')).toContainText('6*7');
	expect(tap.seen('multiply')).toHaveLength(1);
	await app.approval('calculate').getByRole('button', { name: 'Approve once', exact: true }).click();
	await expect(app.articles('Wherry').last()).toContainText('it is forty-two');
	await app.waitIdle();
	expect(tap.seen('multiply')).toHaveLength(2);
});

test('Selective runs the safe calls of a step and holds the dangerous one beside them; approved, all results go back (OT-45, OT-85, CT-03)', async ({
	app,
	page,
	upstream,
	tap,
	watch
}) => {
	watch.allowErrors(/Failed to load resource/);
	watch.allowOrigin('https://harbour-news.test');
	upstream.answer({ userMessage: 'news and time', hasToolResult: true }, 'that is all');
	upstream.answer('news and time', {
		toolCalls: [
			{ name: 'web_fetch', arguments: JSON.stringify({ url: away }), id: 'call_web' },
			{ name: 'clock', arguments: '{"zone":"Asia/Tokyo"}', id: 'call_clock' }
		]
	});
	await app.connect();
	await app.send('news and time');
	await app.expectTurn('held');
	await expect(app.call('clock')).toContainText('done');
	await expect(app.approval('web_fetch')).toContainText('harbour-news.test');
	await expect(page.getByRole('group', { name: /^Approval/ })).toHaveCount(1);
	await app.approval('web_fetch').getByRole('button', { name: 'Reject', exact: true }).click();
	await expect(app.articles('Wherry').last()).toContainText('that is all');
	await app.waitIdle();
	expect(tap.bodies('news and time').at(-1)).toMatchObject({
		messages: [
			{ role: 'user' },
			{ role: 'assistant' },
			{
				role: 'user',
				content: [
					{ type: 'tool_result', tool_use_id: 'call_web', is_error: true },
					{ type: 'tool_result', tool_use_id: 'call_clock', content: expect.stringContaining('Asia/Tokyo') }
				]
			}
		]
	});
});

test('Auto runs by itself up to six steps and says why it stopped; what reaches outside still waits (OT-46, OT-50, CD-30)', async ({
	app,
	page,
	upstream
}) => {
	upstream.answer('never stop', { toolCalls: [{ name: 'clock', arguments: '{}' }] });
	await app.connect();
	await app.chooseMode('Auto');
	await app.send('never stop');
	await expect(app.feed).toContainText('Stopped at the step limit', { timeout: 30_000 });
	await app.waitIdle();
	expect(upstream.asked('never stop')).toHaveLength(6);
	await expect(app.feed).toContainText('6 steps');

	await page.getByRole('button', { name: 'New session' }).first().click();
	await expect(app.articles('You')).toHaveCount(0);
	await app.chooseMode('Auto');
	upstream.calls('read the news', 'web_fetch', { url: away }, 'read');
	await app.send('read the news');
	await app.expectTurn('held');
	await expect(app.approval('web_fetch')).toBeVisible();
});

test('each session keeps its mode, over reloads too (OT-51)', async ({ app, page, upstream }) => {
	upstream.answer('one', 'first');
	const mode = (name: string) => page.getByRole('radiogroup', { name: 'Mode' }).getByRole('radio', { name });
	await app.open();
	await expect(mode('Selective')).toBeChecked();
	await app.chooseMode('Auto');
	await app.ask('what time is it', /\d/);
	await app.reload();
	await expect(mode('Auto')).toBeChecked();
	const first = page.url();
	await page.getByRole('button', { name: 'New session' }).first().click();
	await expect(app.articles('You')).toHaveCount(0);
	await expect(mode('Selective')).toBeChecked();
	await app.chooseMode('Propose');
	await app.send('what time is it');
	await app.expectTurn('held');
	await page.goto(first);
	await app.ready();
	await expect(mode('Auto')).toBeChecked();
});
