/** What stays of the headers of something foreign, so that nothing in it runs, sets or redirects anything on our origin. */

import { cleanDownstream } from './header-hygiene';
import { dataPolicy } from './security-headers';

export function inertHeaders(answer: Response): Headers {
	const headers = new Headers(answer.headers);
	cleanDownstream(headers);
	// The runtime has decompressed: these described the compressed bytes.
	headers.delete('content-encoding');
	headers.delete('content-length');
	headers.set('content-security-policy', dataPolicy);
	headers.set('content-disposition', 'attachment');
	headers.set('cache-control', 'no-store');
	return headers;
}
