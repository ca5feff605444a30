/**
 * Addresses that must never be reached, in every spelling that a URL parser or a careless check has been
 * fooled with. Private by construction: each starts from a range's own first, last and random members.
 */

export type Dice = () => number;

/** mulberry32: small, seeded, good enough to pick test cases. */
export function seeded(seed: number): Dice {
	let state = seed;
	return () => {
		state = (state + 0x6d2b79f5) | 0;
		let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
		mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
		return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
	};
}

const ranges: readonly (readonly [number, number, number, number, number])[] = [
	[0, 0, 0, 0, 8],
	[10, 0, 0, 0, 8],
	[100, 64, 0, 0, 10],
	[127, 0, 0, 0, 8],
	[169, 254, 0, 0, 16],
	[172, 16, 0, 0, 12],
	[192, 0, 0, 0, 24],
	[192, 0, 2, 0, 24],
	[192, 88, 99, 0, 24],
	[192, 168, 0, 0, 16],
	[198, 18, 0, 0, 15],
	[198, 51, 100, 0, 24],
	[203, 0, 113, 0, 24],
	[224, 0, 0, 0, 4],
	[240, 0, 0, 0, 4]
];

export function privateIpv4(dice: Dice, each: number): number[] {
	const wellKnown = [0x7f000001, 0xa9fea9fe, 0x00000000, 0xffffffff, 0x64646464 + 100, 0xa83f8110];
	return ranges
		.flatMap(([a, b, c, d, bits]) => {
			const base = ((a * 256 + b) * 256 + c) * 256 + d;
			const size = 2 ** (32 - bits);
			return [base, base + size - 1, ...Array.from({ length: each }, () => base + Math.floor(dice() * size))];
		})
		.concat(wellKnown);
}

const bytes = (ip: number) => [ip >>> 24, (ip >>> 16) & 255, (ip >>> 8) & 255, ip & 255] as const;
const dotted = (ip: number) => bytes(ip).join('.');
const hex = (value: number, width = 0) => value.toString(16).padStart(width, '0');
const fullWidth = (text: string) =>
	text.replace(/\d/g, (digit) => String.fromCodePoint(0xff10 + Number(digit))).replaceAll('.', '\uff0e');
const percent = (text: string) => [...text].map((char) => `%${hex(char.charCodeAt(0), 2)}`).join('');

/** Hosts that mean this IPv4 address, or try to. */
export function spellings(ip: number): string[] {
	const [a, b, c, d] = bytes(ip);
	const high = hex(ip >>> 16);
	const low = hex(ip & 0xffff);
	return [
		dotted(ip),
		`${dotted(ip)}.`,
		String(ip),
		`0x${hex(ip)}`,
		`0X${hex(ip).toUpperCase()}`,
		`0${ip.toString(8)}`,
		bytes(ip)
			.map((byte) => `0${byte.toString(8)}`)
			.join('.'),
		bytes(ip)
			.map((byte) => `0000${byte.toString(8)}`)
			.join('.'),
		bytes(ip)
			.map((byte) => `0x${hex(byte)}`)
			.join('.'),
		`0x${hex(a)}.${b}.0${c.toString(8)}.${d}`,
		`${a}.${ip & 0xffffff}`,
		`${a}.${b}.${ip & 0xffff}`,
		fullWidth(dotted(ip)),
		dotted(ip).replaceAll('.', '\u3002'),
		percent(dotted(ip)),
		`${a}.${b}%2e${c}.${d}`,
		`[::ffff:${dotted(ip)}]`,
		`[::ffff:${high}:${low}]`,
		`[0:0:0:0:0:ffff:${high}:${low}]`,
		`[::${dotted(ip)}]`,
		`[64:ff9b::${dotted(ip)}]`,
		`[64:ff9b:1::${high}:${low}]`,
		`[2002:${high}:${low}::1]`,
		`[2001:0:${high}:${low}:8000:63bf:3fff:fdd2]`,
		`[2001:0:4136:e378:8000:63bf:${hex((ip >>> 16) ^ 0xffff)}:${hex((ip & 0xffff) ^ 0xffff)}]`,
		`${dotted(ip)}.nip.io`,
		`${dotted(ip).replaceAll('.', '-')}.sslip.io`
	];
}

/** URLs around a bad host: what stands before and after it must change nothing. */
export function wrap(host: string): string[] {
	return [
		`https://${host}/`,
		`https://${host}:8443/latest/meta-data`,
		`https://public.example@${host}/`,
		`https://user:pass@${host}/`,
		`https:\\\\${host}\\`,
		`https:/${host}/`,
		` https://${host}/#@public.example/`,
		`https://${host}?@public.example/`
	];
}

/**
 * How a redirect may write a host, and what looks like one and is a path: `https:host` and `https:/host` are
 * relative to a page of the same scheme.
 */
export function locations(host: string): string[] {
	const schemes = ['', 'https:', 'HTTPS:', ' https:', '\u0001https:', 'ht\ttps:', 'https:\t'];
	const slashes = ['', '/', '\\', '//', '/\\', '\\/', '\\\\', '///', '\\\\\\', '/\t/'];
	return schemes.flatMap((scheme) => slashes.map((slash) => `${scheme}${slash}${host}/x`));
}

/** So many different ones of all of them, in no order. */
export function sampled(dice: Dice, count: number): string[] {
	const hosts = [...privateIpv4(dice, 4).flatMap(spellings), ...badIpv6, ...badNames];
	const urls = [...new Set([...hosts.flatMap(wrap), ...badUrls])];
	for (let at = urls.length - 1; at > 0; at -= 1) {
		const other = Math.floor(dice() * (at + 1));
		[urls[at], urls[other]] = [urls[other] ?? '', urls[at] ?? ''];
	}
	return urls.slice(0, count);
}

export const badIpv6 = [
	'::',
	'::1',
	'0:0:0:0:0:0:0:1',
	'100::1',
	'2001:2::1',
	'2001:10::1',
	'2001:db8::1',
	'3fff::1',
	'5f00::1',
	'fc00::1',
	'fd00:ec2::254',
	'fdff:ffff::1',
	'fe80::1',
	'fec0::1',
	'ff02::1',
	'4000::1',
	'::ffff:0:7f00:1'
].map((address) => `[${address}]`);

export const badNames = [
	'localhost',
	'LOCALHOST',
	'localhost.',
	'a.localhost',
	'printer.local',
	'router.lan',
	'nas.home.arpa',
	'intranet',
	'wiki.corp',
	'db.internal',
	'metadata.google.internal',
	'metadata.example.com',
	'kubernetes.default.svc.cluster.local',
	'example.com.',
	'\u24db\u24de\u24d2\u24d0\u24db\u24d7\u24de\u24e2\u24e3',
	'localtest.me',
	'app.lvh.me'
];

export const badUrls = [
	'http://example.com/',
	'ftp://example.com/',
	'file:///etc/passwd',
	'gopher://example.com/',
	'data:text/html,x',
	'javascript:alert(1)',
	'blob:https://example.com/1',
	'wss://example.com/',
	'//example.com/',
	'example.com',
	'',
	'https://',
	'https://@example.com/',
	'https://:@example.com/',
	'https://u@example.com/',
	'https:@example.com/',
	'https:\\\\@example.com/',
	'https:\t//@example.com/',
	'\u0001https://@example.com/',
	'https:/\t/@example.com/',
	'https://example.com:80/',
	'https://example.com:22/',
	'https://example.com:8080/',
	'https://example.com:65536/',
	'https://exa mple.com/',
	'https://[::1',
	'https://1.2.3.4.5/',
	'https://256.256.256.256/',
	'https://0x1ffffffff/',
	'https://[fe80::1%25eth0]/',
	`https://example.com/${'a'.repeat(2048)}`
];
