/**
 * A session as one HTML file that a person can read anywhere and Wherry can import again: the
 * branch that was shown as text, and everything as JSON Lines in an inert data block. No
 * script, nothing loaded, every character of the session escaped.
 */

import type { Entry, Part } from '../../../wire/entries';
import type { Json } from '../../../wire/json';
import { toBase64 } from '../../../wire/base64';
import { sessionLines } from './export-jsonl';
import type { ExportedBlob, ExportedSession } from './export-jsonl';
import { pageStyle } from './page-style';

export const dataBlockStart = '<script type="application/x-ndjson" id="wherry-export">\n';
export const dataBlockEnd = '</script>';

const policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";
const pictures = /^image\/(png|jpeg|gif|webp|avif)$/;
const maximumPicture = 1 << 20;
const maximumPayload = 20_000;

export function exportSessionHtml(session: ExportedSession, exportedAt: number): string {
	return [...htmlPieces(session, exportedAt)].join('');
}

export function* htmlPieces(session: ExportedSession, exportedAt: number): Generator<string> {
	const entries = [...session.entries];
	const blobs = [...(session.blobs ?? [])];
	const { registers, createdAt } = session.record;
	const title = registers.title?.value || 'Untitled session';
	yield `<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n`;
	yield `<meta http-equiv="Content-Security-Policy" content="${policy}">\n`;
	yield `<meta name="viewport" content="width=device-width, initial-scale=1">\n<meta name="referrer" content="no-referrer">\n`;
	yield `<meta name="generator" content="Wherry">\n<title>${escapeHtml(title)}</title>\n<style>${pageStyle}</style>\n</head>\n<body>\n`;
	yield `<header><p class="kicker">Wherry session</p><h1 dir="auto">${escapeHtml(title)}</h1>`;
	yield `<p class="dateline">${dateOf(createdAt)} · exported ${dateOf(exportedAt)}</p></header>\n<main>\n`;
	const files = new Map(blobs.map((blob) => [blob.sha256, blob]));
	for (const entry of shownBranch(entries, registers.head?.value ?? null)) yield article(entry, files);
	yield '</main>\n<footer>This file can be imported into Wherry again, with all its branches.</footer>\n';
	yield dataBlockStart;
	// `<` occurs in strings only, where JSON lets it be written as an escape: nothing in here can end the block.
	for (const line of sessionLines({ ...session, entries, blobs }, exportedAt))
		yield `${line.replaceAll('<', '\\u003c')}\n`;
	yield `${dataBlockEnd}\n</body>\n</html>\n`;
}

export function escapeHtml(text: string): string {
	return (
		text
			.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
			// What would reorder the text around it, and what HTML does not allow, is shown as a sign.
			.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f\u202a-\u202e\u2066-\u2069]/g, '\ufffd')
	);
}

function dateOf(at: number): string {
	const date = new Date(at);
	if (Number.isNaN(date.getTime())) return '';
	const iso = date.toISOString();
	return `<time datetime="${iso}">${iso.slice(0, 10)} ${iso.slice(11, 16)} UTC</time>`;
}

/** From the root to the head, or to the last entry where the head is not known. */
function shownBranch(entries: readonly Entry[], head: string | null): Entry[] {
	const byId = new Map(entries.map((entry) => [entry.id, entry]));
	const branch: Entry[] = [];
	let next = (head === null ? undefined : byId.get(head)) ?? entries.at(-1);
	while (next !== undefined && branch.length <= entries.length) {
		branch.push(next);
		next = next.parentId === null ? undefined : byId.get(next.parentId);
	}
	return branch.reverse();
}

const bylines = {
	user: 'You',
	assistant: 'Wherry',
	result: 'Result',
	summary: 'Summary',
	note: 'Note'
} as const;

function article(entry: Entry, files: ReadonlyMap<string, ExportedBlob>): string {
	const byline =
		entry.response === undefined
			? bylines[entry.kind]
			: `${bylines[entry.kind]} · ${entry.response.model.model}`;
	const body = entry.parts.map((part) => partHtml(part, files)).join('');
	return `<article class="${entry.kind}"><h2>${escapeHtml(byline)} <small>${dateOf(entry.at)}</small></h2>${body}</article>\n`;
}

function partHtml(part: Part, files: ReadonlyMap<string, ExportedBlob>): string {
	switch (part.type) {
		case 'text':
			return prose(part.text);
		case 'refusal':
			return `<div class="refusal">${prose(part.text)}</div>`;
		case 'reasoning':
			return part.text === '' ? '' : `<details><summary>Reasoning</summary>${prose(part.text)}</details>`;
		case 'call':
			return payload(`Call: ${part.action}`, part.badArgs ?? part.args);
		case 'result':
			return payload(
				`${part.action}: ${part.status}`,
				part.error === undefined ? part.output : part.error.message
			);
		case 'provider':
			return `<p class="aside" dir="auto">${escapeHtml(part.gist)}</p>`;
		case 'file': {
			const blob = files.get(part.blob);
			const name = escapeHtml(part.name);
			if (blob === undefined || !pictures.test(part.mediaType) || blob.bytes.length > maximumPicture) {
				return `<p class="aside" dir="auto">Attached: ${name}</p>`;
			}
			return `<figure><img src="data:${part.mediaType};base64,${toBase64(blob.bytes)}" alt="${name}"><figcaption dir="auto">${name}</figcaption></figure>`;
		}
	}
}

function payload(title: string, value: Json): string {
	const text = typeof value === 'string' ? value : JSON.stringify(value, null, 2);
	const shown = text.length > maximumPayload ? `${text.slice(0, maximumPayload)}\n…` : text;
	return `<details><summary>${escapeHtml(title)}</summary><pre dir="auto">${escapeHtml(shown)}</pre></details>`;
}

/** Paragraphs, and fenced code as it stands; the rest of Markdown reads well enough as it was written. */
function prose(text: string): string {
	const html: string[] = [];
	for (const [i, block] of text.split(/^```[^\n`]*$/m).entries()) {
		if (i % 2 === 1) {
			html.push(`<pre><code>${escapeHtml(block.replace(/^\n/, ''))}</code></pre>`);
			continue;
		}
		for (const paragraph of block.split(/\n{2,}/)) {
			if (paragraph.trim() !== '') html.push(`<p dir="auto">${escapeHtml(paragraph.trim())}</p>`);
		}
	}
	return html.join('');
}
