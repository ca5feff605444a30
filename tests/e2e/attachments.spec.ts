/** Files on a message: by button, drop and paste; in each provider's own shape; still there after a reload. */

import type { Page } from '@playwright/test';
import { expect, test } from './tap';

const png = Buffer.from(
	'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
	'base64'
);
const pdf = Buffer.from('%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n');
const note = 'const harbour = "Porto";\n';

/** A file as a drag or the clipboard brings it. */
async function give(page: Page, how: 'drop' | 'paste', file: { name: string; type: string; bytes: Buffer }) {
	const data = await page.evaluateHandle(
		({ name, type, base64 }) => {
			const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
			const transfer = new DataTransfer();
			transfer.items.add(new File([bytes], name, { type }));
			return transfer;
		},
		{ name: file.name, type: file.type, base64: file.bytes.toString('base64') }
	);
	const box = page.getByRole('textbox', { name: 'Message', exact: true });
	if (how === 'drop') await box.dispatchEvent('drop', { dataTransfer: data });
	else
		await box.evaluate(
			(element, clipboardData) =>
				element.dispatchEvent(
					new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true })
				),
			data
		);
}

const providers = [
	{
		title: 'Anthropic',
		key: 'sk-ant-test-0123456789abcdef',
		shape: {
			messages: [
				{
					role: 'user',
					content: expect.arrayContaining([
						{ type: 'text', text: 'what are these' },
						{
							type: 'image',
							source: { type: 'base64', media_type: 'image/png', data: png.toString('base64') }
						},
						expect.objectContaining({
							type: 'document',
							source: { type: 'base64', media_type: 'application/pdf', data: pdf.toString('base64') }
						}),
						expect.objectContaining({
							type: 'document',
							source: { type: 'text', media_type: 'text/plain', data: note }
						})
					])
				},
				expect.anything(),
				expect.anything()
			]
		}
	},
	{
		title: 'OpenAI',
		key: 'sk-test-0123456789abcdef0123',
		shape: {
			input: expect.arrayContaining([
				expect.objectContaining({
					role: 'user',
					content: expect.arrayContaining([
						{ type: 'input_text', text: 'what are these' },
						expect.objectContaining({
							type: 'input_image',
							image_url: `data:image/png;base64,${png.toString('base64')}`
						}),
						expect.objectContaining({
							type: 'input_file',
							file_data: `data:application/pdf;base64,${pdf.toString('base64')}`
						}),
						expect.objectContaining({ type: 'input_text', text: expect.stringContaining(note) })
					])
				})
			])
		}
	}
] as const;

for (const provider of providers) {
	test(`${provider.title}: a picture, a PDF and a text go along in its own shape, and stay after a reload (CD-26)`, async ({
		app,
		page,
		upstream,
		tap
	}) => {
		upstream.answer('what are these', 'three files');
		upstream.answer('what next', 'onward');
		await app.connect(provider.title, provider.key);
		const attached = page.getByRole('list', { name: 'Attached files' });
		const chooser = page.waitForEvent('filechooser');
		await page.getByRole('button', { name: 'Attach', exact: true }).click();
		await (await chooser).setFiles({ name: 'dot.png', mimeType: 'image/png', buffer: png });
		await expect(attached.getByRole('listitem')).toHaveCount(1);
		await give(page, 'drop', { name: 'paper.pdf', type: 'application/pdf', bytes: pdf });
		await expect(attached.getByRole('listitem')).toHaveCount(2);
		// A browser has no type for most source files.
		await give(page, 'paste', { name: 'harbour.svelte', type: '', bytes: Buffer.from(note) });
		await expect(attached.getByRole('listitem')).toHaveText([/dot\.png/, /paper\.pdf/, /harbour\.svelte/]);
		// Unsent files survive as unsent text does.
		await page.waitForTimeout(600);
		await app.reload();
		await expect(attached.getByRole('listitem')).toHaveCount(3);
		await app.ask('what are these', 'three files');
		await expect(attached).toHaveCount(0);
		await expect(app.article('You').getByRole('listitem')).toHaveText([/dot\.png/, /paper\.pdf/, /harbour/]);

		await app.reload();
		await expect(app.article('You').getByRole('listitem')).toHaveCount(3);
		await app.ask('what next', 'onward');
		expect(tap.bodies('what next').at(-1)).toMatchObject(provider.shape);
	});
}

test('a phone takes a photo onto the message (CD-26) @phone', async ({ app, page, upstream, tap }) => {
	upstream.answer('what is this', 'one photo');
	await app.connect();
	const camera = page.getByRole('button', { name: 'Take a photo', exact: true });
	if (!app.isPhone) {
		// Where a mouse is what points, no camera is in the hand.
		await expect(page.getByRole('button', { name: 'Attach', exact: true })).toBeVisible();
		await expect(camera).toHaveCount(0);
		return;
	}
	const chooser = page.waitForEvent('filechooser');
	await camera.click();
	const opened = await chooser;
	const input = opened.element();
	expect(await input.getAttribute('accept')).toBe('image/*');
	expect(await input.getAttribute('capture')).toBe('environment');
	await opened.setFiles({ name: 'photo.png', mimeType: 'image/png', buffer: png });
	await expect(page.getByRole('list', { name: 'Attached files' }).getByRole('listitem')).toHaveText([
		/photo\.png/
	]);
	expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(375);
	await app.ask('what is this', 'one photo');
	expect(tap.seen(png.toString('base64'))).not.toHaveLength(0);
});

test('an attached file can be taken off again', async ({ app, page, upstream, tap }) => {
	upstream.answer('never mind', 'all right');
	await app.connect();
	await give(page, 'drop', { name: 'harbour.txt', type: 'text/plain', bytes: Buffer.from(note) });
	await page.getByRole('button', { name: 'Remove harbour.txt' }).click();
	await expect(page.getByRole('list', { name: 'Attached files' })).toHaveCount(0);
	await app.ask('never mind', 'all right');
	expect(tap.seen('Porto')).toHaveLength(0);
});
