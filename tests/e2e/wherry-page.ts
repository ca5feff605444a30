/** Wherry as a person uses it: by the roles and names that the page promises to assistive technology. */

import { expect, type Locator, type Page } from '@playwright/test';

export class WherryPage {
	readonly message: Locator;
	readonly feed: Locator;

	constructor(readonly page: Page) {
		this.message = page.getByRole('textbox', { name: 'Message', exact: true });
		this.feed = page.getByRole('feed', { name: 'Transcript' });
	}

	get isPhone(): boolean {
		return (this.page.viewportSize()?.width ?? 1280) < 600;
	}

	async open(path = '/'): Promise<void> {
		await this.page.goto(path);
		await this.ready();
	}

	async reload(): Promise<void> {
		await this.page.reload();
		await this.ready();
	}

	async ready(): Promise<void> {
		await expect(this.page.locator('html')).toHaveAttribute('data-ready', 'true');
	}

	/** `idle · running · held · queued · failed` */
	async expectTurn(state: string, timeout = 20_000): Promise<void> {
		await expect(this.page.locator('html')).toHaveAttribute('data-turn', state, { timeout });
	}

	async waitIdle(timeout = 20_000): Promise<void> {
		await this.expectTurn('idle', timeout);
		await expect(this.feed.locator('[aria-busy="true"]')).toHaveCount(0);
	}

	/** Resolves when the message is committed: Message is empty and the article is there. */
	async send(text: string): Promise<void> {
		const before = await this.articles('You').count();
		await this.message.fill(text);
		await this.page.getByRole('button', { name: 'Send', exact: true }).click();
		await expect(this.articles('You')).toHaveCount(before + 1);
		await expect(this.message).toHaveValue('');
	}

	/** Sends, and waits for the end of the turn that answers. */
	async ask(text: string, answer: string | RegExp): Promise<void> {
		await this.send(text);
		await expect(this.articles('Wherry').last()).toContainText(answer, { timeout: 20_000 });
		await this.waitIdle();
	}

	articles(name: string): Locator {
		return this.feed.getByRole('article', { name, exact: true });
	}

	/** The n-th article of this name, from 0; negative from the end. */
	article(name: string, n = 0): Locator {
		return this.articles(name).nth(n);
	}

	call(action: string): Locator {
		return this.article(`Call: ${action}`);
	}

	/** A button of an article, which may wait behind hover or focus. */
	async press(article: Locator, button: string): Promise<void> {
		await article.hover();
		await article.getByRole('button', { name: button, exact: true }).click();
	}

	/** What the transcript says, one line an article: `You: …`. */
	async transcript(): Promise<string[]> {
		const lines = [];
		for (const article of await this.feed.getByRole('article').all()) {
			const name = await article.evaluate((element) => {
				const labelled = element.getAttribute('aria-labelledby');
				const label = labelled ? document.getElementById(labelled)?.textContent : null;
				return element.getAttribute('aria-label') ?? label ?? '';
			});
			lines.push(name.trim());
		}
		return lines;
	}

	approval(action: string): Locator {
		return this.page.getByRole('group', { name: `Approval: ${action}`, exact: true });
	}

	provider(title: string): Locator {
		return this.page.getByRole('article', { name: title, exact: true });
	}

	/** Saves a key and waits for what the probe says. */
	async saveKey(title: string, key: string): Promise<Locator> {
		await this.open('/providers');
		return this.saveKeyHere(title, key);
	}

	async saveKeyHere(title: string, key: string): Promise<Locator> {
		const card = this.provider(title);
		const status = card.getByRole('status');
		const before = await status.innerText();
		await card.getByRole('textbox', { name: 'API key' }).fill(key);
		await card.getByRole('button', { name: 'Save', exact: true }).click();
		// It says something before, and something else while it is saved.
		await expect(status).not.toHaveText(before);
		await expect(status).not.toHaveText(/^(Saving|Probing)/, { timeout: 20_000 });
		return card;
	}

	/** A conversation with a model behind it. */
	async connect(title = 'Anthropic', key = 'sk-ant-test-0123456789abcdef'): Promise<void> {
		await this.saveKey(title, key);
		await this.open('/');
		await this.chooseModel(new RegExp(`^${title}`));
	}

	async chooseModel(name: RegExp): Promise<void> {
		await this.turnOption(async () => {
			const box = this.page.getByRole('combobox', { name: 'Model', exact: true });
			if ((await box.evaluate((element) => element.tagName)) === 'SELECT') {
				const option = box.locator('option').filter({ hasText: name }).first();
				await box.selectOption((await option.getAttribute('value')) ?? '');
			} else {
				await box.click();
				await this.page.getByRole('option', { name }).first().click();
			}
		});
	}

	async chooseMode(mode: 'Propose' | 'Selective' | 'Auto'): Promise<void> {
		await this.turnOption(async () => {
			const group = this.page.getByRole('radiogroup', { name: 'Mode' });
			const radio = group.getByRole('radio', { name: mode });
			// The label is what a person hits; the input under it may be drawn by nobody.
			await radio.check({ force: true });
			await expect(radio).toBeChecked();
		});
	}

	/** On a phone, model and mode wait behind a button. */
	async turnOption(change: () => Promise<void>): Promise<void> {
		const opener = this.page.getByRole('button', { name: 'Turn options' });
		const isBehind = this.isPhone && (await opener.getAttribute('aria-expanded')) !== 'true';
		if (isBehind) await opener.click();
		await change();
		if (isBehind) await opener.click();
	}

	/** `/command` in the composer. */
	async command(text: string): Promise<void> {
		await this.message.fill(text);
		await this.page.getByRole('button', { name: 'Send', exact: true }).click();
		await expect(this.message).toHaveValue('');
	}

	async expectError(id: string, timeout = 30_000): Promise<Locator> {
		const alert = this.page.locator(`[role="alert"][data-error-id="${id}"]`).first();
		await expect(alert).toBeVisible({ timeout });
		return alert;
	}
}
