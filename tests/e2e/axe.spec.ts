import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import { expect, test } from './fixtures';

async function expectAccessible(page: Page): Promise<void> {
	// Fades are over: a colour on its way is no colour that anybody reads.
	await page.evaluate(() =>
		Promise.allSettled(document.getAnimations().map((animation) => animation.finished))
	);
	const { violations } = await new AxeBuilder({ page }).analyze();
	expect(
		violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.target.join(' ')).join(', ')}`)
	).toEqual([]);
}

for (const colorScheme of ['light', 'dark'] as const) {
	test.describe(colorScheme, () => {
		test.use({ colorScheme, reducedMotion: 'reduce' });

		test(`a first visit, ${colorScheme}: axe finds nothing (OT-58) @phone`, async ({ app, page }) => {
			await app.open();
			await expectAccessible(page);
		});

		test(`a conversation with calls, ${colorScheme}: axe finds nothing (OT-58) @phone`, async ({
			app,
			page
		}) => {
			await app.open();
			await app.ask('what time is it, then remember that I like tea', /\S/);
			await expectAccessible(page);
		});

		test(`Markdown of every kind, ${colorScheme}: axe finds nothing (CD-32) @phone`, async ({
			app,
			page,
			upstream
		}) => {
			await app.connect();
			upstream.answer('show me everything', everything);
			await app.ask('show me everything', 'the end');
			await expectAccessible(page);
		});

		test(`a held call, ${colorScheme}: axe finds nothing (OT-85) @phone`, async ({ app, page, upstream }) => {
			await app.connect();
			upstream.calls('read the news', 'web_fetch', { url: 'https://harbour-news.test/' }, 'read');
			await app.send('read the news');
			await app.expectTurn('held');
			await expectAccessible(page);
		});

		test(`Skills and a form of one, ${colorScheme}: axe finds nothing (OT-43) @phone`, async ({
			app,
			page
		}) => {
			await app.open('/skills');
			await page.getByRole('button', { name: 'Run by hand: Remember', exact: true }).click();
			const form = page.getByRole('form', { name: 'Run: Remember' });
			await form.getByRole('button', { name: 'Run', exact: true }).click();
			await expect(form).toContainText('Text is required.');
			await expectAccessible(page);
		});

		test(`Providers, ${colorScheme}: axe finds nothing (OT-67) @phone`, async ({ app, page }) => {
			await app.open('/providers');
			await expectAccessible(page);
		});
	});
}

const everything = `# A heading

Some *emphasis*, **strength**, \`code\`, a [link](https://example.org/) and ~~nothing~~.

- [x] a task
- another

1. first
2. second

> said somebody

| a | b |
|---|--:|
| 1 | 2 |

\`\`\`js
const answer = 42; // the question is elsewhere
\`\`\`

$$E = mc^2$$

![far away](https://example.org/picture.png)

---

the end
`;
