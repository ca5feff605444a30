/** The address that a person or a model meant. */

import { AppError } from '../../wire/errors';

/** `example.com/x` and `http://example.com/x` as `https://example.com/x`; throws `fetch/url-not-allowed`. */
export function pageAddress(text: string): URL {
	const trimmed = text.trim();
	const url = URL.parse(
		/^[a-z][a-z0-9+.-]*:\/\//i.test(trimmed) ? trimmed.replace(/^http:/i, 'https:') : `https://${trimmed}`
	);
	if (url === null || url.protocol !== 'https:') throw new AppError('fetch/url-not-allowed');
	url.hash = '';
	return url;
}
