import { expect, test } from './fixtures';

const key = 'sk-ant-test-0123456789abcdef';

test('a saved key is probed, used for its provider alone, and never shown again (OT-67, OT-02) @phone', async ({
	app,
	page,
	upstream
}) => {
	const card = await app.saveKey('Anthropic', key);
	await expect(card.getByRole('status')).toContainText(/answered/i);
	await expect(card.getByRole('textbox', { name: 'API key' })).toHaveValue('');
	await page.reload();
	await app.ready();
	await expect(card.getByRole('button', { name: 'Remove', exact: true })).toBeVisible();
	expect(await page.content()).not.toContain(key);

	await app.open('/');
	await app.chooseModel(/^Anthropic/);
	await app.ask('hello there', 'ok');
	expect(upstream.lastAsked('hello there').path).toContain('/v1/messages');
});

test('Probe says in one sentence what stands in the way (OT-67)', async ({ app, upstream, watch }) => {
	watch.allowErrors(/status of 401/);
	const card = await app.saveKey('Anthropic', key);
	upstream.answer({}, { error: { message: 'invalid x-api-key', type: 'authentication_error' }, status: 401 });
	await card.getByRole('button', { name: 'Probe', exact: true }).click();
	await expect(card.getByRole('status')).toContainText(/key/i);
	await expect(card.getByRole('status')).not.toContainText(/answered/i);
});

test('a removed key is gone from the device, and its models with it (OT-67)', async ({ app, page }) => {
	const card = await app.saveKey('Anthropic', key);
	await card.getByRole('button', { name: 'Remove', exact: true }).click();
	await expect(card.getByRole('button', { name: 'Remove', exact: true })).toHaveCount(0);
	await page.reload();
	await app.ready();
	await expect(card.getByRole('textbox', { name: 'API key' })).toBeVisible();
	await expect(card.getByRole('button', { name: 'Remove', exact: true })).toHaveCount(0);
});

for (const [title, path, secret] of [
	['Anthropic', '/v1/messages', 'sk-ant-test-0123456789abcdef'],
	['OpenAI', '/v1/responses', 'sk-test-0123456789abcdef0123'],
	['Google Gemini', ':streamGenerateContent', 'AIzaTest0123456789abcdef'],
	['Mistral', '/v1/chat/completions', 'mistral-test-0123456789']
] as const) {
	test(`${title} answers through the relay and calls an action (OT-82, OT-83, OT-86, CD-26)`, async ({
		app,
		upstream
	}) => {
		await app.connect(title, secret);
		upstream.calls('tell me the time', 'clock', {}, 'there it is');
		await app.send('tell me the time');
		await expect(app.call('clock')).toHaveCount(1);
		await expect(app.articles('Wherry').last()).toContainText('there it is');
		await app.waitIdle();
		const asked = upstream.asked('tell me the time');
		expect(asked).toHaveLength(2);
		expect(asked[0]?.path).toContain(path);
		expect(asked[0]?.tools).toContain('clock');
		expect(asked[1]?.lines.some((line) => line.startsWith('call clock'))).toBe(true);
		expect(asked[1]?.lines.some((line) => line.startsWith('tool: '))).toBe(true);
	});
}

test('a key pasted into Message is caught before it is stored or sent', async ({ app, page, upstream }) => {
	await app.open();
	const pasted = 'sk-ant-api03-' + 'Ab3dEf6h'.repeat(11) + 'AA';
	await app.message.fill(pasted);
	await page.getByRole('button', { name: 'Send', exact: true }).click();
	await expect(page.getByText(/looks like a key/i).first()).toBeVisible();
	await expect(app.articles('You')).toHaveCount(0);
	expect(upstream.asked()).toHaveLength(0);
});
