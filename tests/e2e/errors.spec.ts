import { expect, test } from './fixtures';

test.beforeEach(async ({ watch }) => {
	// The browser itself writes a line for every answer that is no success.
	watch.allowErrors(/Failed to load resource/);
});

test('a wrong key says so and where to mend it (OT-04, CT-51)', async ({ app, upstream }) => {
	await app.connect();
	upstream.answer('hello', {
		error: { message: 'invalid x-api-key', type: 'authentication_error' },
		status: 401
	});
	await app.send('hello');
	const alert = await app.expectError('model/wrong-key');
	await expect(alert).toContainText(/key/i);
	await app.expectTurn('failed');
	await expect(app.articles('You')).toHaveText([/hello/]);
});

test('a rate limit is tried again by itself, as nothing was said yet (OT-04)', async ({ app, upstream }) => {
	await app.connect();
	const limit = { error: { message: 'slow down', type: 'rate_limit_error' }, status: 429, retryAfter: 1 };
	upstream.answer({ userMessage: 'hello', sequenceIndex: 0 }, limit);
	upstream.answer('hello', 'good morning');
	await app.ask('hello', 'good morning');
	expect(upstream.asked('hello').length).toBeGreaterThan(1);
});

test('a rate limit that lasts ends the turn with its own error (OT-04, CT-51)', async ({ app, upstream }) => {
	test.setTimeout(120_000);
	await app.connect();
	upstream.answer('hello', {
		error: { message: 'slow down', type: 'rate_limit_error' },
		status: 429,
		retryAfter: 1
	});
	await app.send('hello');
	await app.expectError('model/rate-limited', 90_000);
});

test('an overloaded provider ends the turn with its own error (OT-04, CT-51)', async ({ app, upstream }) => {
	test.setTimeout(120_000);
	await app.connect();
	upstream.answer('hello', { error: { message: 'Overloaded', type: 'overloaded_error' }, status: 529 });
	await app.send('hello');
	await app.expectError('model/overloaded', 90_000);
});

test('when the stream is cut, what was said stays, also after a reload (CT-51, CD-25)', async ({
	app,
	upstream
}) => {
	await app.connect();
	const long =
		'Once upon a time there was a ferry that crossed the river every morning before the fog lifted.';
	upstream.answer('tell me a story', long, { truncateAfterChunks: 4, latency: 60, chunkSize: 12 });
	await app.send('tell me a story');
	await app.expectError('model/stream-cut');
	await expect(app.articles('Wherry').last()).toContainText('Once upon');
	await app.reload();
	await expect(app.articles('Wherry').last()).toContainText('Once upon');
	await app.expectError('model/stream-cut');
	expect(upstream.asked('tell me a story')).toHaveLength(1);
});

test('a stream that cannot be read keeps what was said, and Retry asks again (CT-51)', async ({
	app,
	page,
	upstream
}) => {
	await app.connect();
	upstream.answer('hello', 'good morning');
	await page.route('**/api/relay/anthropic/**', (route) =>
		route.fulfill({
			status: 200,
			contentType: 'text/event-stream',
			body: [
				'event: message_start\ndata: {"type":"message_start","message":{"id":"m","role":"assistant","content":[],"usage":{"input_tokens":1,"output_tokens":1}}}\n\n',
				'event: content_block_start\ndata: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}\n\n',
				'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Well begun"}}\n\n',
				'event: content_block_delta\ndata: {not json at all\n\n',
				'event: message_stop\ndata: {"type":"message_stop"}\n\n'
			].join('')
		})
	);
	await app.send('hello');
	const alert = await app.expectError('model/malformed-stream');
	await expect(app.articles('Wherry').last()).toContainText('Well begun');
	await page.unroute('**/api/relay/anthropic/**');
	await alert.getByRole('button', { name: 'Retry', exact: true }).click();
	await expect(app.articles('Wherry').last()).toContainText('good morning');
	await app.waitIdle();
});

test('a conversation that is too long for the model offers Compact (CT-51)', async ({ app, upstream }) => {
	await app.connect();
	upstream.answer('hello', {
		error: { message: 'prompt is too long: 250000 tokens > 200000 maximum', type: 'invalid_request_error' },
		status: 400
	});
	await app.send('hello');
	const alert = await app.expectError('model/context-too-long');
	await expect(alert.getByRole('button', { name: 'Compact', exact: true })).toBeVisible();
	await expect(app.articles('You')).toHaveText([/hello/]);
});

test('a model that declines says so and what to do (CT-51)', async ({ app, page, upstream }) => {
	await app.connect();
	upstream.answer('hello', 'never');
	await page.route('**/api/relay/anthropic/**', (route) =>
		route.fulfill({
			status: 200,
			contentType: 'text/event-stream',
			body: [
				'event: message_start\ndata: {"type":"message_start","message":{"id":"m","role":"assistant","content":[],"usage":{"input_tokens":1,"output_tokens":1}}}\n\n',
				'event: message_delta\ndata: {"type":"message_delta","delta":{"stop_reason":"refusal"},"usage":{"output_tokens":1}}\n\n',
				'event: message_stop\ndata: {"type":"message_stop"}\n\n'
			].join('')
		})
	);
	await app.send('hello');
	const alert = await app.expectError('model/refused');
	await expect(alert.getByRole('button', { name: 'Retry', exact: true })).toBeVisible();
});

test('without a network the message is kept and the error says what to do (CT-51)', async ({
	app,
	context
}) => {
	test.setTimeout(120_000);
	await app.connect();
	await context.setOffline(true);
	await app.send('are you there');
	await app.expectError('model/no-network', 90_000);
	await expect(app.articles('You')).toHaveText([/are you there/]);
	await context.setOffline(false);
});

test('Stop ends the turn at once and keeps what was said (CT-45, CD-33) @phone', async ({
	app,
	page,
	upstream
}) => {
	await app.connect();
	upstream.answer('tell me a story', 'word '.repeat(400), { latency: 50, chunkSize: 10 });
	await app.send('tell me a story');
	await expect(app.articles('Wherry').last()).toContainText('word word');
	await page.getByRole('button', { name: 'Stop', exact: true }).click();
	await app.expectTurn('idle', 3_000);
	await expect(app.articles('Wherry').last()).toContainText('word word');
});

test('a session that does not exist says so and leads back (OT-04)', async ({ app, page }) => {
	await page.goto('/s/01900000-0000-7000-8000-000000000000');
	await app.ready();
	await app.expectError('session/not-found');
});

test('storage that is cleared under the page is said, and what is shown stays to be copied (OT-04)', async ({
	app,
	page
}) => {
	await app.open();
	await app.ask('what time is it in Reykjavik', /\d/);
	await page.evaluate(
		() =>
			new Promise((resolve, reject) => {
				const request = indexedDB.deleteDatabase('wherry');
				request.onsuccess = resolve;
				request.onerror = reject;
			})
	);
	const alert = await app.expectError('storage/gone');
	await expect(alert).toContainText('cleared');
	await expect(app.articles('You')).toContainText(['Reykjavik']);
	await alert.getByRole('button', { name: 'Reload' }).click();
	await app.expectError('session/not-found');
	await page.getByRole('button', { name: 'New session' }).first().click();
	await app.ask('what time is it in Oslo', /\d/);
});

test('an address that leads nowhere is a page of its own, ready and with a way back (OT-04) @phone', async ({
	app,
	page
}) => {
	for (const path of ['/nope', '/s/%E0%A4%A']) {
		await page.goto(path);
		await app.ready();
		await app.expectTurn('idle');
		await expect(page.getByRole('alert')).toHaveAttribute('data-error-id', 'http/not-found');
	}
	await page
		.getByRole('main')
		.getByRole('link', { name: /sessions/i })
		.click();
	await expect(app.message).toBeVisible();
});
