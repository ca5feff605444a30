/** Links say where they go, and pictures from elsewhere wait for a tap. */

import { expect, test } from './fixtures';

test('a link whose words are another address says where it really goes, and what could run is no link @phone', async ({
	app,
	upstream
}) => {
	await app.connect();
	upstream.answer(
		'links please',
		'[https://bank.example](https://evil.example/login) and [read on](https://example.org/a) and ' +
			'https://example.com/b and [run](javascript:alert(1)) and [data](data:text/html,<b>x</b>)'
	);
	await app.ask('links please', 'read on');
	const answer = app.articles('Wherry').last();
	await expect(answer.getByRole('link')).toHaveCount(3);
	const another = answer.getByRole('link', { name: 'https://bank.example (goes to evil.example)' });
	await expect(another).toHaveAttribute('href', 'https://evil.example/login');
	await expect(another).toHaveAttribute('rel', /noopener noreferrer/);
	await expect(another).toHaveAttribute('target', '_blank');
	await expect(answer.getByRole('link', { name: 'read on (example.org)' })).toBeVisible();
	await expect(answer.getByRole('link', { name: 'https://example.com/b', exact: true })).toBeVisible();
	// A keyboard sees the whole address, too.
	await app.message.focus();
	await another.focus();
	await app.page.keyboard.press('Tab');
	await expect(app.page.locator('.goes')).toHaveText('https://example.org/a');
});

test('a link in what others wrote is read out before it is followed @phone', async ({
	app,
	page,
	context,
	upstream,
	watch
}) => {
	watch.allowErrors(/ERR_|Failed to load/);
	await app.connect();
	await page
		.getByLabel('Attach a file', { exact: true })
		.or(page.locator('input[type="file"]'))
		.first()
		.setInputFiles({
			name: 'letter.txt',
			mimeType: 'text/plain',
			buffer: Buffer.from('Dear reader, visit our page.')
		});
	await expect(page.getByText('letter.txt')).toBeVisible();
	upstream.answer('what does it say', '[our page](https://evil.example/in%20box?q=my%20private%20notes)');
	await app.ask('what does it say', 'our page');
	await app
		.articles('Wherry')
		.last()
		.getByRole('link', { name: /our page/ })
		.click();
	const dialog = page.getByRole('dialog', { name: 'Open this link?' });
	await expect(dialog).toContainText('evil.example');
	await expect(dialog).toContainText('/in box');
	await expect(dialog).toContainText('my private notes');
	expect(context.pages()).toHaveLength(1);
	await dialog.getByRole('button', { name: 'Stay here' }).click();
	await expect(dialog).toHaveCount(0);
	expect(context.pages()).toHaveLength(1);
	expect(watch.foreign).toEqual([]);
});

test('a picture from elsewhere loads for nobody but a person who asks, and never from the page @phone', async ({
	app,
	page,
	upstream,
	watch
}) => {
	watch.allowErrors(/status of [45]\d\d/);
	await app.connect();
	const asked: string[] = [];
	page.on('request', (request) => {
		if (request.url().endsWith('/api/fetch')) asked.push(request.postData() ?? '');
	});
	upstream.answer('a picture please', 'Here: ![the harbour](https://127.0.0.1/harbour.png?s=1)');
	await app.ask('a picture please', 'the harbour');
	const answer = app.articles('Wherry').last();
	await expect(answer).toContainText('https://127.0.0.1/harbour.png?s=1');
	await expect(answer.getByRole('img')).toHaveCount(0);
	expect(asked).toEqual([]);
	await answer.getByRole('button', { name: 'Load image from 127.0.0.1' }).click();
	// The guard fetches nothing of a private network; what a person is told, and can do, is on the page.
	await expect(answer.getByRole('status')).toContainText('It could not be loaded');
	await expect(answer.getByRole('link', { name: 'Open it in a new tab' })).toBeVisible();
	expect(asked).toHaveLength(1);
	expect(asked[0]).toContain('harbour.png');
	expect(watch.foreign).toEqual([]);
});
