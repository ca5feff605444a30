/** An answer that outlives its tab: kept at the edge, read on after a reload, by another tab, asked for once. */

import { expect, test } from './tap';
import { WherryPage } from './wherry-page';

const slow = { latency: 60, chunkSize: 10 };
const numbers = Array.from({ length: 80 }, (_, i) => `word${i}`).join(' ');

test('a reload in the middle of an answer reads on where the provider is; the model is asked once (OT-78, OT-79) @phone', async ({
	app,
	upstream
}) => {
	upstream.answer('count for me', numbers, slow);
	await app.connect();
	await app.send('count for me');
	await expect(app.articles('Wherry').last()).toContainText('word5');
	await app.reload();
	await expect(app.articles('Wherry').last()).toContainText('word79', { timeout: 20_000 });
	await app.waitIdle();
	await expect(app.articles('Wherry')).toHaveCount(1);
	await expect(app.articles('Wherry')).toHaveText(new RegExp(numbers));
	expect(upstream.asked('count for me')).toHaveLength(1);
});

test('a closed tab stops nothing: whoever opens the session later finds the whole answer, asked for once (OT-78)', async ({
	app,
	page,
	context,
	upstream
}) => {
	upstream.answer('count for me', numbers, slow);
	await app.connect();
	await app.send('count for me');
	await expect(app.articles('Wherry').last()).toContainText('word3');
	const address = page.url();
	await page.close();
	// Longer than the answer takes: the edge has all of it by now.
	await new Promise((done) => setTimeout(done, 6_000));
	const later = new WherryPage(await context.newPage());
	await later.open(address);
	await expect(later.articles('Wherry').last()).toContainText('word79', { timeout: 5_000 });
	await later.waitIdle();
	expect(upstream.asked('count for me')).toHaveLength(1);
});

test('another tab goes on with the answer when the one that asked is closed (OT-79)', async ({
	app,
	page,
	context,
	upstream
}) => {
	upstream.answer('count for me', numbers, slow);
	await app.connect();
	await app.send('count for me');
	await expect(app.articles('Wherry').last()).toContainText('word3');
	const other = new WherryPage(await context.newPage());
	await other.open(page.url());
	await page.close();
	await expect(other.articles('Wherry').last()).toContainText('word79', { timeout: 20_000 });
	await other.waitIdle();
	await expect(other.articles('Wherry')).toHaveCount(1);
	expect(upstream.asked('count for me')).toHaveLength(1);
});

test('Stop reaches the provider through the edge, and nothing is asked again (OT-80)', async ({
	app,
	page,
	upstream
}) => {
	upstream.answer('count for me', numbers.repeat(5), slow);
	await app.connect();
	const ids: string[] = [];
	page.context().on('request', (request) => ids.push(request.headers()['x-wherry-stream'] ?? ''));
	await app.send('count for me');
	await expect(app.articles('Wherry').last()).toContainText('word3');
	await page.getByRole('button', { name: 'Stop', exact: true }).click();
	await app.expectTurn('idle', 3_000);
	const id = ids.find((one) => one !== '') ?? '';
	await expect
		.poll(async () => {
			const answer: { data: { state: string } } = await (
				await page.request.get(`/api/streams/${id}/state`)
			).json();
			return answer.data.state;
		})
		.toBe('stopped');
	await app.reload();
	await expect(app.feed).toContainText('Stopped by you');
	expect(upstream.asked('count for me')).toHaveLength(1);
});

test('a temporary session leaves nothing at the edge', async ({ app, page, upstream }) => {
	upstream.answer('between us', 'only here');
	await app.connect();
	const kept: string[] = [];
	page.context().on('request', (request) => {
		if (request.headers()['x-wherry-stream'] !== undefined) kept.push(request.url());
	});
	await app.ask('first in the open', 'ok');
	expect(kept).toHaveLength(1);
	await page.keyboard.press('ControlOrMeta+k');
	await page.getByRole('combobox', { name: /^Search places/ }).fill('temporary');
	await page.keyboard.press('Enter');
	await expect(page.getByRole('main')).toContainText('Temporary');
	await app.ask('between us', 'only here');
	expect(kept).toHaveLength(1);
});
