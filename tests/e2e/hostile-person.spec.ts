/** What a hurried, clumsy or hostile person does to the page: nothing twice, nothing lost, nothing stuck. */

import { expect, test } from './fixtures';

test('twenty clicks on Send are one message, and twenty on Stop are one stop', async ({
	app,
	page,
	upstream
}) => {
	await app.connect();
	upstream.answer('slowly', 'wave '.repeat(200), { latency: 30, chunkSize: 10 });
	const twenty = (name: string): Promise<void> =>
		page.getByRole('button', { name, exact: true }).evaluate((button: HTMLElement) => {
			for (let n = 0; n < 20; n++) button.click();
		});
	await app.message.fill('slowly, once');
	await twenty('Send');
	await expect(app.articles('You')).toHaveText([/once/]);
	await app.expectTurn('running');
	await twenty('Stop');
	// Said in the very moment of the stop: it is a message of its own.
	await app.message.fill('what is next');
	await page.getByRole('button', { name: 'Send', exact: true }).click();
	await expect(app.articles('You')).toHaveText([/once/, /what is next/]);
	await app.waitIdle();
	expect(upstream.asked('once').length).toBeLessThanOrEqual(2);
});

test('a session that is deleted while it answers stops, and comes back whole by Undo', async ({
	app,
	page,
	upstream
}) => {
	await app.connect();
	upstream.answer('slowly', 'wave '.repeat(600), { latency: 40, chunkSize: 10 });
	await app.send('slowly now');
	await expect(app.articles('Wherry').last()).toContainText('wave');
	const session = page.url();
	const line = page.getByRole('list', { name: 'Sessions', exact: true }).getByRole('listitem').first();
	await line.hover();
	await line.getByRole('button', { name: 'Session options' }).click();
	await page.getByRole('menuitem', { name: 'Delete', exact: true }).click();
	await page
		.getByRole('status', { name: 'Notification' })
		.getByRole('button', { name: 'Undo' })
		.last()
		.click();
	await page.goto(session);
	await app.ready();
	await app.expectTurn('idle');
	await expect(app.articles('Wherry').last()).toContainText('Stopped by you');
});

const header = '{"format":"wherry/session","v":1,"exportedAt":1}\n';
const session = `${JSON.stringify({
	session: {
		id: 's',
		v: 1,
		createdAt: 1,
		temporary: false,
		registers: { title: { value: 'Brought in', lam: 1, dev: 'd' } }
	}
})}\n`;
const entry = (id: string, parentId: string | null, more: Record<string, unknown> = {}): string =>
	`${JSON.stringify({
		entry: {
			id,
			sessionId: 's',
			parentId,
			v: 1,
			kind: 'user',
			author: { device: 'd', principal: 'user' },
			parts: [{ type: 'text', text: `hello ${id}` }],
			labels: { integrity: 'user', private: false, sources: [] },
			lam: 1,
			at: 1,
			...more
		}
	})}\n`;
const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
const files: Readonly<Record<string, string>> = {
	truncated: (header + session + entry('a', null) + entry('b', 'a')).slice(0, -40),
	'one long line': `[{"a":"${'x'.repeat(5_000_000)}"}]`,
	'keys of the prototype': `${header}${session}{"entry":{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}}\n${entry('__proto__', null)}${entry('constructor', '__proto__')}`,
	deep,
	'deep arguments': `${header}${session}${entry('a', null, { parts: [{ type: 'call', id: 'x', action: 'y', args: 'DEEP' }] }).replace('"DEEP"', deep)}${entry('b', 'a')}`,
	circles: header + session + entry('a', 'c') + entry('b', 'a') + entry('c', 'b') + entry('d', null),
	'one id three times': header + session + entry('a', null) + entry('a', null) + entry('a', 'a'),
	'unknown kinds': header + session + entry('a', null, { kind: 'hologram' }) + entry('c', 'a'),
	'a later version': header + session + entry('a', null, { v: 99 }) + entry('b', 'a'),
	'a later format': `{"format":"wherry/session","v":99}\n${session}${entry('a', null)}`,
	nothing: ''
};

test('a damaged or hostile file brings in what can be read, says the rest, and harms nothing (CT-28)', async ({
	app,
	page
}) => {
	test.setTimeout(120_000);
	await app.open();
	await app.ask('calculate 6 * 7', /42/);
	const mine = page.url();
	await app.open('/settings');
	const input = page.getByLabel('Import a file');
	for (const [name, text] of Object.entries(files)) {
		await input.setInputFiles({ name: `${name}.jsonl`, mimeType: 'text/plain', buffer: Buffer.from(text) });
		await expect(input).toBeEnabled({ timeout: 30_000 });
		const answer = page.getByRole('main').locator('[role="status"], [role="alert"]').first();
		await expect(answer, name).toContainText(/brought in|not|cannot/i);
	}
	expect(await page.evaluate(() => 'polluted' in {})).toBe(false);
	await page.goto(mine);
	await app.ready();
	await app.ask('what time is it', /\d/);
	await page
		.getByRole('list', { name: 'Sessions', exact: true })
		.getByRole('link', { name: /Brought in/ })
		.first()
		.click();
	await expect(app.articles('You').first()).toContainText('hello');
});
