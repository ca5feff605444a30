/** A turn of one device on the other one of the same person: shown, stopped, decided on, taken over. */

import { expect, test } from './fixtures';
import { another, pairUp, type Profile } from './two-devices';

const slow = { latency: 60, chunkSize: 10 };
const numbers = Array.from({ length: 160 }, (_, i) => `word${i}`).join(' ');

test('the device that asked is lost between two words: the other one shows the next word and the end, can go on, and the model was asked once (OT-78, OT-79, SAM-17)', async ({
	app,
	page,
	browser,
	upstream,
	watch
}) => {
	watch.allowErrors(/WebSocket/);
	const phone: Profile = { app, page, context: page.context() };
	const desk = await another(browser, page);
	upstream.answer('count for me', numbers, slow);
	upstream.answer('and now', 'here we are');
	await pairUp(desk, phone);
	await phone.app.connect();
	await desk.app.connect();
	await desk.app.ask('good morning', 'ok');
	const path = new URL(desk.page.url()).pathname;
	await app.open(path);
	await expect(app.articles('You')).toHaveText([/good morning/]);

	await desk.app.send('count for me');
	const answer = app.articles('Wherry').last();
	await expect(answer).toContainText('word5 ', { timeout: 20_000 });
	await expect(answer).toHaveAttribute('aria-busy', 'true');
	await app.expectTurn('running');
	await expect(page.getByText('Desk is answering here.')).toBeVisible();
	await desk.context.close();
	const before = ((await answer.innerText()).match(/word\d+/g) ?? []).length;
	await expect(answer).toContainText(`word${before + 3}`);
	await expect(answer).toContainText('word159', { timeout: 20_000 });

	await page.getByRole('button', { name: 'Continue on this device' }).click();
	await app.waitIdle();
	await expect(app.articles('Wherry')).toHaveCount(2);
	await expect(app.articles('Wherry').last()).toHaveText(new RegExp(numbers));
	expect(upstream.asked('count for me')).toHaveLength(1);
	await app.ask('and now', 'here we are');
	await app.reload();
	await expect(app.articles('Wherry')).toHaveCount(3);
});

test('a call that one device holds is approved on the other one, and runs where it was asked for (OT-85, CT-03)', async ({
	app,
	page,
	browser,
	watch
}) => {
	watch.allowErrors(/WebSocket/);
	const phone: Profile = { app, page, context: page.context() };
	const desk = await another(browser, page);
	await pairUp(desk, phone);
	await desk.app.open();
	await desk.app.chooseMode('Propose');
	await desk.app.send('remember that the lock is at the east pier');
	await desk.app.expectTurn('held');
	await app.open(new URL(desk.page.url()).pathname);
	await app.expectTurn('held');
	await app.approval('memory_remember').getByRole('button', { name: 'Approve once', exact: true }).click();
	for (const one of [desk.app, app]) {
		await one.expectTurn('idle');
		await expect(one.articles('Wherry').last()).toContainText('Remembered');
		await expect(one.call('memory_remember')).toHaveCount(1);
	}
	await desk.context.close();
});
