/**
 * Headers that every answer of the Worker carries. Pages get their Content-Security-Policy from
 * SvelteKit (svelte.config.js: it holds the nonce); static files get theirs from `_headers`.
 */

/** For answers that are data: nothing in them may run, even when opened as a document. */
export const dataPolicy =
	"default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'; sandbox";

/** Everything off but what is used: dictation. */
const permissions = [
	'accelerometer',
	'autoplay',
	'browsing-topics',
	'camera',
	'display-capture',
	'encrypted-media',
	'fullscreen',
	'gamepad',
	'geolocation',
	'gyroscope',
	'hid',
	'identity-credentials-get',
	'idle-detection',
	'magnetometer',
	'midi',
	'payment',
	'picture-in-picture',
	'screen-wake-lock',
	'serial',
	'storage-access',
	'usb',
	'window-management',
	'xr-spatial-tracking'
]
	.map((feature) => `${feature}=()`)
	.concat('microphone=(self)')
	.join(', ');

const always: readonly (readonly [string, string])[] = [
	['x-content-type-options', 'nosniff'],
	['referrer-policy', 'no-referrer'],
	['cross-origin-opener-policy', 'same-origin'],
	['cross-origin-resource-policy', 'same-origin']
];
/** Mean something on documents only, and headers cost time on every small answer. */
const onPages: readonly (readonly [string, string])[] = [
	['origin-agent-cluster', '?1'],
	['x-dns-prefetch-control', 'off'],
	['x-frame-options', 'DENY'],
	['permissions-policy', permissions]
];

/** Sets the headers in place. A policy that is already there stays. */
export function addSecurityHeaders(headers: Headers, url: URL): void {
	for (const [name, value] of always) headers.set(name, value);
	if (!headers.has('content-security-policy')) headers.set('content-security-policy', dataPolicy);
	if (headers.get('content-type')?.startsWith('text/html')) {
		for (const [name, value] of onPages) headers.set(name, value);
	}
	if (url.protocol === 'https:') {
		headers.set('strict-transport-security', 'max-age=63072000; includeSubDomains');
	}
}

/** The same for an answer whose headers may be immutable. */
export function withSecurityHeaders(response: Response, url: URL): Response {
	if (response.headers.get('cross-origin-opener-policy') === 'same-origin') return response;
	const headers = new Headers(response.headers);
	addSecurityHeaders(headers, url);
	return new Response(response.body, { status: response.status, statusText: response.statusText, headers });
}
