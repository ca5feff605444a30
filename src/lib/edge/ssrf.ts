/**
 * The one table of what may be fetched on somebody's behalf (trust.md C8), for every runtime. Pure:
 * decides on the parsed address and on resolved addresses; whoever connects asks it again at each hop.
 *
 * IP literals need no decoding of their own: the WHATWG parser has already turned every spelling
 * (decimal, octal, hex, short, full-width, percent-encoded) into the canonical one.
 */

export interface UrlPolicy {
	/** The relay's own hosts, which it must not call. */
	readonly ownHosts: readonly string[];
	/** Whether this host is on the list. Default: any public host. */
	readonly isListed?: (host: string) => boolean;
}

export type UrlRefusal =
	| 'unparsable'
	| 'too-long'
	| 'scheme'
	| 'userinfo'
	| 'port'
	| 'local-name'
	| 'trailing-dot'
	| 'own-host'
	| 'private-address'
	| 'host-not-listed';

export type UrlVerdict =
	{ readonly ok: true; readonly url: URL } | { readonly ok: false; readonly reason: UrlRefusal };

const maxLength = 2048;
const ports = new Set(['', '8443']);
const localSuffixes = [
	'localhost',
	'localdomain',
	'local',
	'internal',
	'intranet',
	'private',
	'corp',
	'home',
	'lan',
	'arpa',
	'test',
	'invalid',
	'onion',
	'alt',
	// Public names that answer with whatever address is written in them: only good for this very attack.
	'nip.io',
	'sslip.io',
	'xip.io',
	'localtest.me',
	'lvh.me',
	'vcap.me',
	'lacolhost.com',
	'rbndr.us',
	'1u.ms'
];

export function checkUrl(address: string | URL, policy: UrlPolicy): UrlVerdict {
	const text = typeof address === 'string' ? address : address.href;
	if (text.length > maxLength) return refuse('too-long');
	const url = URL.parse(text);
	if (url === null) return refuse('unparsable');
	if (url.protocol !== 'https:') return refuse('scheme');
	if (url.username !== '' || url.password !== '' || hasUserinfo(text)) return refuse('userinfo');
	if (!ports.has(url.port)) return refuse('port');
	const host = url.hostname;
	if (policy.ownHosts.includes(host)) return refuse('own-host');
	const literal = addressOf(host);
	if (literal !== undefined) {
		if (!isPublicAddress(literal)) return refuse('private-address');
	} else {
		if (host.endsWith('.')) return refuse('trailing-dot');
		if (!host.includes('.') || isLocalName(host)) return refuse('local-name');
	}
	if (policy.isListed !== undefined && !policy.isListed(host)) return refuse('host-not-listed');
	return { ok: true, url };
}

function refuse(reason: UrlRefusal): UrlVerdict {
	return { ok: false, reason };
}

/**
 * `https://@host/` and `https://:@host/` leave no trace in the parsed URL: only what was written tells, an address
 * or a redirect's `Location`. What the parser drops is dropped here too.
 */
export function hasUserinfo(written: string): boolean {
	const plain = written.replace(/[\t\r\n]/g, '').replace(/^[\p{Cc} ]+/u, '');
	const authority = /^(?:[a-z][a-z\d+.-]*:[\\/]*|[\\/]{2,})([^\\/?#]*)/i.exec(plain)?.[1] ?? '';
	return authority.includes('@');
}

function isLocalName(host: string): boolean {
	if (host.startsWith('metadata.')) return true;
	return localSuffixes.some((suffix) => host === suffix || host.endsWith(`.${suffix}`));
}

/** The canonical IP literal of a parsed hostname, brackets off; undefined for a name. */
function addressOf(host: string): string | undefined {
	if (host.startsWith('[')) return host.slice(1, -1);
	return /^\d{1,3}(?:\.\d{1,3}){3}$/.test(host) ? host : undefined;
}

/** Base and prefix length. IANA special-purpose registry, RFC 6890 and its successors. */
const blockedIpv4: readonly (readonly [string, number])[] = [
	['0.0.0.0', 8],
	['10.0.0.0', 8],
	['100.64.0.0', 10],
	['127.0.0.0', 8],
	['169.254.0.0', 16],
	['172.16.0.0', 12],
	['192.0.0.0', 24],
	['192.0.2.0', 24],
	['192.88.99.0', 24],
	['192.168.0.0', 16],
	['198.18.0.0', 15],
	['198.51.100.0', 24],
	['203.0.113.0', 24],
	['224.0.0.0', 4],
	['240.0.0.0', 4],
	// Not in any registry, but reachable only from inside a cloud: Azure's and Alibaba's host services.
	['168.63.129.16', 32],
	['100.100.100.200', 32]
];

const blockedIpv6: readonly (readonly [string, number])[] = [
	['2001::', 23],
	['2001:db8::', 32],
	['2002::', 16],
	['3fff::', 20]
];

/**
 * The same table as CIDR blocks, for a runtime whose network can be told (workerd's `Network.deny`): its own
 * notion of a public address lets through what is reserved for documentation, benchmarks and the like.
 */
export const blockedNetworks: readonly string[] = [
	...[...blockedIpv4, ...blockedIpv6].map(([base, bits]) => `${base}/${String(bits)}`),
	// All that is no global unicast, and Teredo is in 2001::/23.
	'::/3',
	'4000::/2',
	'8000::/1'
];

/** `text`: dotted IPv4 or IPv6 without brackets, as URLs and DNS answers have them. Anything else is not public. */
export function isPublicAddress(text: string): boolean {
	const v4 = parseIpv4(text);
	if (v4 !== undefined) return isPublicIpv4(v4);
	const groups = parseIpv6(text);
	return groups !== undefined && isPublicIpv6(groups);
}

function isPublicIpv4(address: number): boolean {
	return !blockedIpv4.some(([base, bits]) => {
		const divisor = 2 ** (32 - bits);
		return Math.floor(address / divisor) === Math.floor((parseIpv4(base) ?? 0) / divisor);
	});
}

/** Global unicast (2000::/3) less the blocked, and IPv4 in its two plain disguises when that is public. */
function isPublicIpv6(groups: readonly number[]): boolean {
	const [first = 0, second = 0] = groups;
	const embedded = (groups[6] ?? 0) * 65_536 + (groups[7] ?? 0);
	if (startsWith(groups, '::ffff:0:0', 96) || startsWith(groups, '64:ff9b::', 96))
		return isPublicIpv4(embedded);
	// 6to4 and Teredo carry an IPv4 address too, but nobody serves pages there any more: blocked as they are.
	if (first < 0x2000 || first > 0x3fff) return false;
	if (first === 0x2001 && second === 0) return false;
	return !blockedIpv6.some(([base, bits]) => startsWith(groups, base, bits));
}

function startsWith(groups: readonly number[], base: string, bits: number): boolean {
	const wanted = parseIpv6(base) ?? [];
	for (let index = 0; index * 16 < bits; index += 1) {
		const drop = Math.max(0, 16 - (bits - index * 16));
		if ((groups[index] ?? 0) >> drop !== (wanted[index] ?? 0) >> drop) return false;
	}
	return true;
}

function parseIpv4(text: string): number | undefined {
	const parts = text.split('.');
	if (parts.length !== 4) return undefined;
	let value = 0;
	for (const part of parts) {
		if (!/^(?:0|[1-9]\d{0,2})$/.test(part) || Number(part) > 255) return undefined;
		value = value * 256 + Number(part);
	}
	return value;
}

/** Eight groups. The URL parser does the reading: it knows `::` and dotted tails. */
function parseIpv6(text: string): number[] | undefined {
	if (!text.includes(':') || /[^0-9a-f:.]/i.test(text)) return undefined;
	const host = URL.parse(`http://[${text}]/`)?.hostname.slice(1, -1);
	if (host === undefined) return undefined;
	const [head = '', tail] = host.split('::');
	const before = head === '' ? [] : head.split(':');
	const after = tail === undefined || tail === '' ? [] : tail.split(':');
	const zeros = tail === undefined ? 0 : 8 - before.length - after.length;
	const groups = [...before, ...Array.from({ length: zeros }, () => '0'), ...after].map((group) =>
		Number.parseInt(group, 16)
	);
	return groups.length === 8 ? groups : undefined;
}
