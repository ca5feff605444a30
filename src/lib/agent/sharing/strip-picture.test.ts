import { describe, expect, test } from 'vitest';
import { seeded } from '../../../../tests/contract/random';
import { joinBytes } from '../../wire/bytes';
import { strippedPicture } from './strip-picture';

const latin = (text: string) => Uint8Array.from(text, (letter) => letter.charCodeAt(0));
const numbers = (length: number, value: number, little = false) => {
	const bytes = new Uint8Array(length);
	for (let at = 0; at < length; at++) bytes[little ? at : length - 1 - at] = (value >>> (8 * at)) & 255;
	return bytes;
};
const put = (...parts: readonly (string | Uint8Array)[]) =>
	joinBytes(parts.map((part) => (typeof part === 'string' ? latin(part) : part)));
const textOf = (bytes: Uint8Array | undefined) => Buffer.from(bytes ?? []).toString('latin1');

const pngChunk = (kind: string, content: string) => put(numbers(4, content.length), kind, content, 'crc!');
const segment = (kind: number, content: string | Uint8Array) =>
	put(Uint8Array.of(0xff, kind), numbers(2, content.length + 2), content);
const webpChunk = (kind: string, content: string) =>
	put(kind, numbers(4, content.length, true), content, content.length % 2 === 1 ? '\0' : '');

function exif(little: boolean, side: number): Uint8Array {
	const n = (length: number, value: number) => numbers(length, value, little);
	const entry = (tag: number, value: number) => put(n(2, tag), n(2, 3), n(4, 1), n(2, value), '\0\0');
	const start = put(little ? 'II' : 'MM', n(2, 42), n(4, 8), n(2, 2));
	return put('Exif\0\0', start, entry(0x0100, 9), entry(0x0112, side), n(4, 0), 'GPS 52.5 13.4');
}
function jpeg(...first: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
	const scan = '\x01\xff\x00\x02\xff\xd0\x03GPS is allowed to be drawn';
	return put(
		'\xff\xd8',
		segment(0xe0, 'JFIF\0\x01\x02'),
		...first,
		segment(0xdb, 'tables'),
		segment(0xda, 'scan one'),
		scan,
		segment(0xc4, 'more tables'),
		segment(0xda, 'scan two'),
		scan,
		'\xff\xd9'
	);
}

describe('a picture as it leaves', () => {
	test('of a PNG its pixels and colours stay, and nothing behind its end', () => {
		const start = put('\x89PNG\r\n\x1a\n', pngChunk('IHDR', 'head'));
		const end = put(pngChunk('IDAT', 'pixels'), pngChunk('IEND', ''));
		const more = ['tEXt', 'zTXt', 'iTXt', 'eXIf', 'tIME', 'prVt'].map((kind) => pngChunk(kind, 'GPS 52.5'));
		expect(strippedPicture(put(start, ...more, pngChunk('iCCP', 'colours'), end, 'GPS'))).toEqual({
			mediaType: 'image/png',
			bytes: put(start, pngChunk('iCCP', 'colours'), end)
		});
	});

	test('of a JPEG too, and which side is up', () => {
		const icc = segment(0xe2, 'ICC_PROFILE\0\x01');
		const more = [
			segment(0xe1, 'http://ns.adobe.com/xap/1.0/\0GPS'),
			segment(0xe2, 'MPF\0GPS'),
			segment(0xed, 'Photoshop GPS'),
			segment(0xfe, 'GPS')
		];
		expect(strippedPicture(put(jpeg(...more, icc), 'GPS'))).toEqual({
			mediaType: 'image/jpeg',
			bytes: jpeg(icc)
		});
		for (const little of [false, true]) {
			const turned = strippedPicture(jpeg(segment(0xe1, exif(little, 6))))?.bytes;
			expect(textOf(turned)).not.toContain('GPS 52');
			expect(turned).toEqual(jpeg(segment(0xe1, turned?.subarray(17, 49) ?? '')));
			// Read again it says the same.
			expect(strippedPicture(turned ?? put(''))?.bytes).toEqual(turned);
			expect([...(turned?.subarray(17, 49) ?? [])]).toContain(6);
			expect(strippedPicture(jpeg(segment(0xe1, exif(little, 1))))?.bytes).toEqual(jpeg());
		}
	});

	test('of a WebP too, and its header does not speak of what is gone', () => {
		const riff = (...chunks: readonly Uint8Array[]) =>
			put('RIFF', numbers(4, 4 + put(...chunks).length, true), 'WEBP', ...chunks);
		const pixels = webpChunk('VP8L', 'odd');
		const whole = riff(
			webpChunk('VP8X', '\x3c head'),
			pixels,
			webpChunk('EXIF', 'GPS'),
			webpChunk('XMP ', 'GPS')
		);
		expect(strippedPicture(put(whole, 'GPS'))).toEqual({
			mediaType: 'image/webp',
			bytes: riff(webpChunk('VP8X', '\x30 head'), pixels)
		});
	});

	test('what is cut short or damaged is none, or is one still: it throws nothing and grows nothing', () => {
		const random = seeded('pictures');
		const whole = [
			put('\x89PNG\r\n\x1a\n', pngChunk('IHDR', 'head'), pngChunk('IDAT', 'pixels'), pngChunk('IEND', '')),
			jpeg(segment(0xe1, exif(true, 6)), segment(0xe1, exif(false, 3))),
			put('RIFF', numbers(4, 22, true), 'WEBP', webpChunk('VP8X', '\x08'), webpChunk('VP8L', ''))
		];
		for (const bytes of whole)
			for (let length = 0; length < bytes.length; length++)
				expect(strippedPicture(bytes.subarray(0, length)), `${length}`).toBeUndefined();
		for (let round = 0; round < 3_000; round++) {
			const bytes = Uint8Array.from(random.pick(whole));
			for (let n = 0; n < 3; n++) bytes[random.int(bytes.length)] = random.int(256);
			expect(strippedPicture(bytes)?.bytes.length ?? 0).toBeLessThanOrEqual(bytes.length + 72);
		}
	});
});
