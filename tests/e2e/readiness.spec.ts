import { AxeBuilder } from '@axe-core/playwright';
import { expect, test } from './fixtures';

test('readiness says how far it is, what is next, and rises with it (OT-97) @phone', async ({
	app,
	page
}) => {
	await app.open('/settings');
	const region = page.getByRole('region', { name: 'Readiness' });
	const meter = region.getByRole('meter', { name: 'Readiness' });
	await expect(meter).toBeVisible();
	const score = async () => Number(await meter.getAttribute('aria-valuenow'));
	const before = await score();
	const checks = region.getByRole('list', { name: 'Checks' }).getByRole('listitem');
	expect(await checks.count()).toBeGreaterThanOrEqual(10);
	await expect(checks.filter({ hasText: 'Answers outlive their tab.' })).toContainText('In place');
	await expect(checks.filter({ hasText: 'Notifications' })).toContainText('Not counted');

	const next = region.getByRole('group', { name: 'Next step' });
	await expect(next).toContainText('No model is connected');
	await next.getByRole('button', { name: 'Go to Providers', exact: true }).click();
	await expect(page).toHaveURL(/\/providers$/);
	await app.connect();
	await app.ask('hello there', 'ok');
	await app.open('/settings');
	await expect(checks.filter({ hasText: 'A model is connected.' })).toContainText('In place');
	expect(await score()).toBeGreaterThan(before);

	// What is written now could be lost: the last step is a copy of it.
	await expect(checks.filter({ hasText: 'No copy of everything' })).toContainText('Open');
	const saved = page.waitForEvent('download');
	await page.getByRole('button', { name: 'Export everything', exact: true }).click();
	await saved;
	await expect(checks.filter({ hasText: 'A copy of everything, not a month old' })).toContainText('In place');
	expect((await new AxeBuilder({ page }).analyze()).violations.map(({ id }) => id)).toEqual([]);
});

test('a relay that is gone is an open check, with a button that looks again (OT-97)', async ({
	app,
	page,
	watch
}) => {
	watch.allowErrors(/ERR_FAILED|Failed to load/);
	await page.route('**/api/health', (route) => route.abort());
	await app.connect();
	await app.open('/settings');
	const region = page.getByRole('region', { name: 'Readiness' });
	const next = region.getByRole('group', { name: 'Next step' });
	await expect(next).toContainText('The relay does not answer');
	await page.unroute('**/api/health');
	await next.getByRole('button', { name: 'Look again', exact: true }).click();
	await expect(region.getByText('The relay answers.')).toBeVisible();
});

test('configuration is written from what is ticked, and copied (OT-98) @phone', async ({
	app,
	page,
	context
}) => {
	await context.grantPermissions(['clipboard-read', 'clipboard-write']);
	await app.open('/settings');
	await expect(page.getByRole('meter', { name: 'Readiness' })).toBeVisible();
	const toml = page.getByRole('region', { name: 'Contents of wrangler.toml' });
	const vars = page.getByRole('region', { name: 'Contents of .dev.vars' });
	await expect(toml).toContainText('StreamHub');
	await expect(toml).not.toContainText('[ai]');
	await page.getByRole('checkbox', { name: 'Workers AI without a token' }).check();
	await expect(toml).toContainText('[ai]');
	await page.getByRole('checkbox', { name: 'AI Gateway', exact: true }).check();
	await expect(vars).toContainText('AI_GATEWAY_ID=');
	await page.getByRole('button', { name: 'Copy wrangler.toml', exact: true }).click();
	await expect(page.getByText('wrangler.toml is on the clipboard.')).toBeVisible();
	const copied = await page.evaluate(() => navigator.clipboard.readText());
	expect(copied).toBe(await toml.innerText().then((text) => `${text.trimEnd()}\n`));
	expect((await new AxeBuilder({ page }).analyze()).violations.map(({ id }) => id)).toEqual([]);
	expect(await page.evaluate(() => document.documentElement.scrollWidth > innerWidth)).toBe(false);
});
