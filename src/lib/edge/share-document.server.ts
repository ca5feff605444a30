/**
 * `/share/{id}`: one small document for every share. It knows nothing: what is shared is opened by its script
 * with what stands behind `#`. So a preview of a link shows that it is one, and no more.
 */

const policy = [
	"default-src 'none'",
	"script-src 'self'",
	"style-src 'self'",
	"img-src 'self' data: blob:",
	"font-src 'self' data:",
	"connect-src 'self'",
	"form-action 'none'",
	"base-uri 'none'",
	"frame-ancestors 'none'",
	"require-trusted-types-for 'script'",
	'trusted-types svelte-trusted-html'
].join('; ');

const page = `<!doctype html>
<html lang="en" dir="ltr">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex, nofollow, noarchive">
<meta name="referrer" content="no-referrer">
<title>Shared session · Wherry</title>
<link rel="icon" href="/favicon.svg" type="image/svg+xml">
<script src="/theme.js"></script>
<link rel="stylesheet" href="/_share/page.css">
<script type="module" src="/_share/page.js"></script>
</head>
<body><noscript>This page is opened by a script in your browser, as only your browser has its key.</noscript></body>
</html>
`;

export function shareDocument(): Response {
	return new Response(page, {
		headers: {
			'content-type': 'text/html; charset=utf-8',
			'content-security-policy': policy,
			'cache-control': 'no-store',
			'x-robots-tag': 'noindex, nofollow, noarchive'
		}
	});
}
