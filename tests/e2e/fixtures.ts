/**
 * What every end-to-end test stands on: the built Worker with a model server behind all its providers,
 * Wherry's page, and a watch that fails the test when the page talks to anybody else or logs an error.
 */

import { test as base, expect, type BrowserContext } from '@playwright/test';
import { Upstream } from './upstream';
import { allUpstreams, serveWorker, type ServedWorker } from './served-worker';
import { WherryPage } from './wherry-page';

export interface Watch {
	/** Console errors that this test provokes on purpose. */
	allowErrors(pattern: RegExp): void;
	/** Origins that this test lets the page talk to. */
	allowOrigin(origin: string): void;
	/** Addresses of other origins that were asked for, allowed ones too. */
	readonly foreign: readonly string[];
}

interface PerTest {
	app: WherryPage;
	upstream: Upstream;
	watch: Watch;
}
interface PerRun {
	model: Upstream;
	worker: ServedWorker;
}

export const test = base.extend<PerTest, PerRun>({
	model: [
		async ({}, use) => {
			const model = new Upstream();
			await model.start();
			await use(model);
			await model.stop();
		},
		{ scope: 'worker' }
	],
	worker: [
		async ({ model }, use) => {
			const worker = await serveWorker({
				RELAY_UPSTREAMS: allUpstreams(model.origin),
				// One machine runs every test: its minute holds more than a person's.
				RELAY_RATE_LIMIT: '0'
			});
			await use(worker);
			await worker.stop();
		},
		{ scope: 'worker', timeout: 90_000 }
	],
	baseURL: async ({ worker }, use) => use(worker.origin),
	upstream: async ({ model }, use) => {
		model.reset();
		await use(model);
	},
	watch: [
		async ({ context, worker }, use) => {
			const allowedOrigins = new Set([worker.origin]);
			const allowedErrors: RegExp[] = [];
			const seen = collect(context, worker.origin);
			await use({
				allowErrors: (pattern) => void allowedErrors.push(pattern),
				allowOrigin: (origin) => void allowedOrigins.add(origin),
				foreign: seen.foreign
			});
			const strangers = seen.foreign.filter((address) => !allowedOrigins.has(new URL(address).origin));
			expect(strangers, 'requests to other origins').toEqual([]);
			const errors = seen.errors.filter((text) => !allowedErrors.some((pattern) => pattern.test(text)));
			expect(errors, 'errors on the console').toEqual([]);
		},
		{ auto: true }
	],
	app: async ({ page, upstream: _ready }, use) => use(new WherryPage(page))
});

export { expect };

/** Pages, their workers and service workers: whatever this browser context asks for. */
function collect(context: BrowserContext, origin: string): { foreign: string[]; errors: string[] } {
	const foreign: string[] = [];
	const errors: string[] = [];
	context.on('request', (request) => {
		const url = new URL(request.url());
		if (/^(https?|wss?):$/.test(url.protocol) && url.origin !== origin) foreign.push(url.href);
	});
	context.on('console', (message) => {
		if (message.type() === 'error') errors.push(`${message.text()} (${message.location().url})`);
	});
	context.on('weberror', (webError) => void errors.push(String(webError.error())));
	return { foreign, errors };
}
