/** A page for the model: fetched, its text taken out of the markup, cut to what was asked for. */

import { AppError } from '../../wire/errors';
import type { Json, JsonObject } from '../../wire/json';
import type { ActionContext } from '../plugin';
import { pageAddress } from './address';
import { extractPage, visible } from './extract';
import { fetchPage } from './read';

export async function readPage(
	{ url, from, length }: JsonObject,
	context: ActionContext,
	standardLength: number
): Promise<Json> {
	const address = pageAddress(String(url));
	context.addSource(address.origin);
	const page = await fetchPage(address, context);
	if (page.status >= 400)
		throw new AppError('fetch/failed', {
			message: `${address.host} answered ${page.status}.`,
			retryable: page.status >= 500
		});
	if (!/^(?:text\/|application\/(?:[\w.-]+\+)?(?:json|xml)|application\/xhtml)|^$/i.test(page.contentType)) {
		throw new AppError('fetch/failed', {
			message: `This is no text: ${page.contentType.slice(0, 60)}.`,
			retryable: false
		});
	}
	const isHtml = /html|^$/i.test(page.contentType);
	const read = isHtml
		? extractPage(page.text, page.url, () => context.signal.aborted)
		: { title: '', text: visible(page.text), links: [] };
	const start = typeof from === 'number' ? from : 0;
	const text = read.text.slice(start, start + (typeof length === 'number' ? length : standardLength));
	const rest = read.text.length - start - text.length;
	return {
		url: page.url,
		title: read.title,
		text,
		links: start === 0 ? read.links : [],
		total: read.text.length,
		...(rest > 0 ? { next: start + text.length } : {})
	};
}
