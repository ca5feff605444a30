/**
 * A file as it may leave: a text with its secrets covered, a picture without what was written beside it. Both are shown
 * to whoever shares and to whoever reads. What is neither, or too large to be shown, nobody has looked into. Pure.
 */

import { toBase64 } from '../../wire/base64';
import { utf8 } from '../../wire/bytes';
import type { ShareOptions } from '../../wire/share';
import { sha256Bytes } from '../policy/hashes';
import type { ExportedBlob } from '../sessions/interchange/export-jsonl';
import type { Mask } from './mask';
import { strippedPicture } from './strip-picture';

export interface SharedBlob extends ExportedBlob {
	/** Nobody has looked into all that goes along with it. */
	readonly isUnread: boolean;
	/** As it is shown. */
	readonly text?: string;
	readonly src?: string;
}
/** By the hash that the session has for it; what is left out is not in it. */
export type SharedFiles = ReadonlyMap<string, SharedBlob>;

/** Shown where they go along, with whatever is written beside them. */
const otherPictures = /^image\/(?:gif|avif)$/;
const largestPicture = 1 << 20;
const largestText = 4 << 20;

export function lookIntoFiles(
	blobs: readonly ExportedBlob[],
	options: ShareOptions,
	mask: Mask
): SharedFiles {
	return new Map(
		blobs.flatMap((blob) => {
			const file = lookInto(blob, mask);
			return file.isUnread && options.unread !== true ? [] : [[blob.sha256, file] as const];
		})
	);
}

function lookInto(blob: ExportedBlob, mask: Mask): SharedBlob {
	const picture = strippedPicture(blob.bytes);
	if (picture !== undefined) {
		const stripped = { ...picture, sha256: sha256Bytes(picture.bytes) };
		const isLarge = picture.bytes.length > largestPicture;
		return isLarge ? { ...stripped, isUnread: true } : { ...stripped, isUnread: false, src: srcOf(picture) };
	}
	if (otherPictures.test(blob.mediaType) && blob.bytes.length <= largestPicture)
		return { ...blob, isUnread: true, src: srcOf(blob) };
	const text = blob.bytes.length > largestText ? undefined : textOf(blob.bytes);
	if (text === undefined) return { ...blob, isUnread: true };
	const covered = mask.text(text);
	const seen = { isUnread: false, text: covered };
	if (covered === text) return { ...blob, ...seen };
	const bytes = utf8(covered);
	return { ...blob, sha256: sha256Bytes(bytes), bytes, ...seen };
}

function srcOf({ mediaType, bytes }: Pick<ExportedBlob, 'mediaType' | 'bytes'>): string {
	return `data:${mediaType};base64,${toBase64(bytes)}`;
}

/** Whatever it is said to be: what reads as text is one. What a PDF holds is packed, even where its bytes are letters. */
function textOf(bytes: Uint8Array): string | undefined {
	const start = `${bytes[0]} ${bytes[1]}`;
	const encoding = start === '255 254' ? 'utf-16le' : start === '254 255' ? 'utf-16be' : 'utf-8';
	try {
		const text = new TextDecoder(encoding, { fatal: true }).decode(bytes);
		return text.includes('\0') || text.slice(0, 1024).includes('%PDF-') ? undefined : text;
	} catch {
		return undefined;
	}
}
