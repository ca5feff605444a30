import { expect, test } from './fixtures';
import type { WherryPage } from './wherry-page';

const users = (lines: readonly string[]) => lines.filter((line) => line.startsWith('user: '));

async function twoTurns(app: WherryPage): Promise<void> {
	await app.connect();
	await app.ask('the first question', 'first answer');
	await app.ask('the second question', 'second answer');
}

test.beforeEach(({ upstream }) => {
	upstream.answer('the first question', 'first answer');
	upstream.answer('the second question', 'second answer');
	upstream.answer('a better question', 'better answer');
	upstream.answer('what next', 'onward');
});

test('an edited message starts a branch that knows nothing of what it replaced (OT-20)', async ({
	app,
	page,
	upstream
}) => {
	await twoTurns(app);
	await app.press(app.article('You', 1), 'Edit');
	const editor = page.getByRole('textbox', { name: /edit/i });
	await editor.fill('a better question');
	await editor.press('Control+Enter');
	await expect(app.articles('Wherry').last()).toContainText('better answer');
	await app.waitIdle();
	expect(upstream.lastAsked('a better question').lines).toEqual([
		'user: the first question',
		'assistant: first answer',
		'user: a better question'
	]);
});

test('the branch switcher shows the other branch, and the next request is what it says (OT-20)', async ({
	app,
	page,
	upstream
}) => {
	await twoTurns(app);
	await app.press(app.article('You', 1), 'Edit');
	const editor = page.getByRole('textbox', { name: /edit/i });
	await editor.fill('a better question');
	await editor.press('Control+Enter');
	await expect(app.articles('Wherry').last()).toContainText('better answer');
	await app.waitIdle();

	const branches = app.article('You', 1).getByRole('group', { name: 'Branches of this message' });
	await branches.getByRole('button', { name: 'Previous branch' }).click();
	await expect(app.article('You', 1)).toContainText('the second question');
	await app.ask('what next', 'onward');
	expect(upstream.lastAsked('what next').lines).toEqual([
		'user: the first question',
		'assistant: first answer',
		'user: the second question',
		'assistant: second answer',
		'user: what next'
	]);

	await app.reload();
	await expect(app.articles('You')).toHaveText([/first question/, /second question/, /what next/]);
});

test('a retry asks the same again and keeps both answers (OT-20)', async ({ app, upstream }) => {
	await app.connect();
	upstream.reset();
	upstream.answer({ userMessage: 'roll the dice', sequenceIndex: 0 }, 'it is a three');
	upstream.answer({ userMessage: 'roll the dice', sequenceIndex: 1 }, 'it is a five');
	await app.ask('roll the dice', 'a three');
	await app.press(app.articles('Wherry').last(), 'Retry');
	await expect(app.articles('Wherry').last()).toContainText('a five');
	await app.waitIdle();
	const [first, second] = upstream.asked('roll the dice');
	expect(second?.lines).toEqual(first?.lines);
	await app.articles('Wherry').last().getByRole('button', { name: 'Previous branch' }).click();
	await expect(app.articles('Wherry').last()).toContainText('a three');
});

test('an answer that begins with a call is retried and switched as any other (OT-20)', async ({ app }) => {
	await app.open();
	await app.ask('remember that I like tea', /Remembered/);
	await app.press(app.articles('Wherry').last(), 'Retry');
	const branches = app.call('memory_remember').getByRole('group', { name: 'Branches of this message' });
	await expect(branches).toHaveText('2 / 2');
	await app.waitIdle();
	const second = await app.call('memory_remember').getAttribute('data-entry');
	await branches.getByRole('button', { name: 'Previous branch' }).click();
	await expect(branches).toHaveText('1 / 2');
	await expect(app.call('memory_remember')).not.toHaveAttribute('data-entry', second ?? '');
	await expect(app.articles('Wherry').last()).toContainText('Remembered');
});

test('a fork goes on in a session of its own and leaves the first as it was (OT-21, SAM-18, CT-27)', async ({
	app,
	page,
	upstream
}) => {
	await twoTurns(app);
	const origin = page.url();
	await app.press(app.article('Wherry', 0), 'Fork');
	await expect(page).not.toHaveURL(origin);
	await expect(app.articles('You')).toHaveCount(1);
	await app.ask('what next', 'onward');
	expect(upstream.lastAsked('what next').lines).toEqual([
		'user: the first question',
		'assistant: first answer',
		'user: what next'
	]);
	await page.goto(origin);
	await app.ready();
	await expect(app.articles('You')).toHaveText([/first question/, /second question/]);
});

test('after /compact the model gets the summary, and every message is still there (OT-22)', async ({
	app,
	upstream
}) => {
	await twoTurns(app);
	upstream.answer({ systemMessage: /summar/i }, 'they asked two questions');
	await app.command('/compact');
	await app.waitIdle();
	await app.ask('what next', 'onward');
	const { lines } = upstream.lastAsked('what next');
	expect(users(lines).at(-1)).toBe('user: what next');
	expect(lines).not.toContain('user: the first question');
	await app.reload();
	await expect(app.articles('You')).toHaveText([/first question/, /second question/, /what next/]);
});

test('a reload changes nothing in what the model is asked next (CD-28, CT-26)', async ({ app, upstream }) => {
	await twoTurns(app);
	await app.reload();
	await app.ask('what next', 'onward');
	expect(upstream.lastAsked('what next').lines).toEqual([
		'user: the first question',
		'assistant: first answer',
		'user: the second question',
		'assistant: second answer',
		'user: what next'
	]);
});

test('the drawn tree names every branch and leads to it (OT-56)', async ({ app, page }) => {
	await twoTurns(app);
	await app.press(app.article('Wherry', 1), 'Retry');
	await app.waitIdle();
	const tree = page.getByRole('tree', { name: 'Branches' });
	if (!(await tree.isVisible()))
		await page
			.getByRole('button', { name: /branches|tree/i })
			.first()
			.click();
	await expect(tree.getByRole('treeitem', { name: /first question/ })).toBeVisible();
	await expect(tree.getByRole('treeitem', { name: /second answer/ })).toHaveCount(2);
});
