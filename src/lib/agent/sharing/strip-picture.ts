/**
 * A picture without what its camera or program wrote beside it (place, time, device, comments, thumbnails, whatever
 * stands behind its end): only what it takes to draw it is kept. Pure. Undefined for what is no whole picture of these.
 */

import { joinBytes } from '../../wire/bytes';

export interface Picture {
	readonly mediaType: string;
	readonly bytes: Uint8Array<ArrayBuffer>;
}

export function strippedPicture(bytes: Uint8Array): Picture | undefined {
	const of = (mediaType: string, kept: readonly Uint8Array[] | undefined) =>
		kept && { mediaType, bytes: joinBytes(kept) };
	if (letters(bytes, 0, 8) === '\x89PNG\r\n\x1a\n') return of('image/png', png(bytes));
	if (letters(bytes, 0, 3) === '\xff\xd8\xff') return of('image/jpeg', jpeg(bytes));
	if (letters(bytes, 0, 4) === 'RIFF' && letters(bytes, 8, 4) === 'WEBP')
		return of('image/webp', webp(bytes));
	return undefined;
}

const letters = (bytes: Uint8Array, at: number, length: number): string =>
	String.fromCharCode(...bytes.subarray(at, at + length));
const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.length);

const pngKept = /^(?:IHDR|PLTE|IDAT|IEND|tRNS|gAMA|cHRM|sRGB|iCCP|cICP|sBIT|bKGD|pHYs|acTL|fcTL|fdAT)$/;

function png(bytes: Uint8Array): readonly Uint8Array[] | undefined {
	const view = viewOf(bytes);
	const kept = [bytes.subarray(0, 8)];
	for (let at = 8; at + 12 <= bytes.length;) {
		const kind = letters(bytes, at + 4, 4);
		const end = at + 12 + view.getUint32(at);
		if (end > bytes.length) return undefined;
		if (pngKept.test(kind)) kept.push(bytes.subarray(at, end));
		if (kind === 'IEND') return kept;
		at = end;
	}
	return undefined;
}

const marker = { end: 0xd9, scan: 0xda, app0: 0xe0, app1: 0xe1, app15: 0xef, comment: 0xfe } as const;
/** Of what applications add: how to read the colours. */
const appKept = /^(?:JFIF\0|ICC_PROFILE\0|Adobe)/;

function jpeg(bytes: Uint8Array): readonly Uint8Array[] | undefined {
	const view = viewOf(bytes);
	const kept = [bytes.subarray(0, 2)];
	for (let at = 2; at + 2 <= bytes.length;) {
		const kind = bytes[at + 1] ?? 0;
		if (bytes[at] !== 0xff) return undefined;
		if (kind === marker.end) return [...kept, bytes.subarray(at, at + 2)];
		if (kind === 0xff) {
			at++;
			continue;
		}
		let end = at + 4 > bytes.length ? Infinity : at + 2 + view.getUint16(at + 2);
		if (end > bytes.length) return undefined;
		if (kind === marker.scan) end = endOfScan(bytes, end);
		const isApp = kind >= marker.app0 && kind <= marker.app15;
		if (isApp ? appKept.test(letters(bytes, at + 4, 12)) : kind !== marker.comment)
			kept.push(bytes.subarray(at, end));
		if (kind === marker.app1) kept.push(...upright(bytes.subarray(at + 4, end)));
		at = end;
	}
	return undefined;
}

/** In a scan 0xff is followed by 0 or a restart, at its end by the next marker. */
function endOfScan(bytes: Uint8Array, from: number): number {
	let at = bytes.indexOf(0xff, from);
	for (; at >= 0; at = bytes.indexOf(0xff, at + 1)) {
		const next = bytes[at + 1] ?? 0;
		if (next !== 0 && next !== 0xff && (next < 0xd0 || next > 0xd7)) return at;
	}
	return bytes.length;
}

const isTurned = 0x0112;

/** Which side is up is part of how it is drawn: an Exif block that says this and nothing else. */
function upright(segment: Uint8Array): readonly Uint8Array[] {
	if (letters(segment, 0, 6) !== 'Exif\0\0') return [];
	const tiff = segment.subarray(6);
	const view = viewOf(tiff);
	const isLittle = letters(tiff, 0, 2) === 'II';
	const first = tiff.length < 8 ? Infinity : view.getUint32(4, isLittle);
	if (first + 2 > tiff.length) return [];
	const count = view.getUint16(first, isLittle);
	for (let at = first + 2, n = 0; n < count && at + 12 <= tiff.length; at += 12, n++) {
		const side = view.getUint16(at + 8, isLittle);
		if (view.getUint16(at, isLittle) !== isTurned || side < 2 || side > 8) continue;
		const only = [0, 1, 1, 0x12, 0, 3, 0, 0, 0, 1, 0, side, 0, 0, 0, 0, 0, 0];
		return [Uint8Array.of(0xff, marker.app1, 0, 34, ...exifStart, ...only)];
	}
	return [];
}
/** `Exif`, big-endian, and the first directory right behind. */
const exifStart = [0x45, 0x78, 0x69, 0x66, 0, 0, 0x4d, 0x4d, 0, 42, 0, 0, 0, 8];

const webpKept = /^(?:VP8 |VP8L|VP8X|ALPH|ANIM|ANMF|ICCP)$/;
/** In the extended header: that there is Exif, that there is XMP. */
const webpFlags = 0x08 | 0x04;

function webp(bytes: Uint8Array): readonly Uint8Array[] | undefined {
	const view = viewOf(bytes);
	const whole = 8 + view.getUint32(4, true);
	if (whole > bytes.length) return undefined;
	const kept: Uint8Array[] = [];
	for (let at = 12; at + 8 <= whole;) {
		const kind = letters(bytes, at, 4);
		const size = view.getUint32(at + 4, true);
		const end = at + 8 + size + (size % 2);
		if (end > whole) return undefined;
		if (webpKept.test(kind)) {
			const chunk = bytes.slice(at, end);
			if (kind === 'VP8X') chunk[8] = (chunk[8] ?? 0) & ~webpFlags;
			kept.push(chunk);
		}
		at = end;
	}
	const head = bytes.slice(0, 12);
	viewOf(head).setUint32(4, 4 + kept.reduce((sum, chunk) => sum + chunk.length, 0), true);
	return [head, ...kept];
}
