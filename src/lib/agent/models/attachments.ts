/**
 * File parts on their way to a provider: which kind a file is, its bytes as base64, and the
 * sentence that stands in where a model cannot take it.
 */

import type { FilePart } from '../../wire/entries';
import type { ModelRequest, ProtocolTarget } from './protocol';

export type Attachment =
	| { readonly kind: 'image'; readonly mediaType: string; readonly name: string; readonly base64: string }
	| {
			readonly kind: 'pdf';
			readonly mediaType: 'application/pdf';
			readonly name: string;
			readonly base64: string;
	  }
	| { readonly kind: 'text'; readonly name: string; readonly text: string }
	/** What the model is told instead of the file. */
	| { readonly kind: 'note'; readonly text: string };

const images = new Set(['image/png', 'image/jpeg', 'image/gif', 'image/webp']);

export function readAttachment(part: FilePart, request: ModelRequest, target: ProtocolTarget): Attachment {
	const mediaType = (part.mediaType.split(';')[0] ?? '').trim().toLowerCase();
	const bytes = request.files.get(part.blob);
	if (bytes === undefined) return note(part, 'its content is not on this device');
	if (images.has(mediaType)) {
		if (!target.abilities.images) return note(part, 'this model does not see pictures');
		return { kind: 'image', mediaType, name: part.name, base64: toBase64(bytes) };
	}
	if (mediaType === 'application/pdf') {
		if (!target.abilities.pdf) return note(part, 'this model does not read PDF');
		return { kind: 'pdf', mediaType, name: part.name, base64: toBase64(bytes) };
	}
	// By its bytes, not its type: browsers know none for most source files, and take `.ts` for a film.
	const text = decodeText(bytes);
	if (text === undefined) return note(part, 'this model does not take such files');
	return { kind: 'text', name: part.name, text };
}

function note(part: FilePart, why: string): Attachment {
	return {
		kind: 'note',
		text: `[Attached file ${JSON.stringify(part.name)} (${part.mediaType}, ${String(part.size)} bytes): ${why}.]`
	};
}

/** A text file inside a message, fenced so that it cannot be taken for the message itself. */
export function fenced(name: string, text: string): string {
	let marks = '```';
	while (text.includes(marks)) marks += '`';
	return `File ${JSON.stringify(name)}:\n${marks}\n${text}\n${marks}`;
}

function decodeText(bytes: Uint8Array): string | undefined {
	try {
		const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
		return text.includes('\0') ? undefined : text;
	} catch {
		return undefined;
	}
}

// String.fromCharCode takes its arguments from the stack: small pieces, a multiple of 3 so that they join.
const pieceSize = 0x8000 - (0x8000 % 3);

export function toBase64(bytes: Uint8Array): string {
	let text = '';
	for (let start = 0; start < bytes.length; start += pieceSize) {
		text += btoa(String.fromCharCode(...bytes.subarray(start, start + pieceSize)));
	}
	return text;
}
