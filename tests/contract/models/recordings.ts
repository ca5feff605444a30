/**
 * Recorded provider streams of `../shared/corpora/streams`, as the bytes that came over the wire. Chunk
 * files (`.jsonl`) get their framing back; a file with several responses is split into them.
 */

import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const corpora = fileURLToPath(new URL('../../../../shared/corpora/', import.meta.url));

export interface Recording {
	readonly name: string;
	readonly bytes: Uint8Array<ArrayBuffer>;
	readonly text: string;
}

interface IndexRow {
	readonly file: string;
	readonly provider: string;
	readonly format: string;
}

export const hasCorpora = existsSync(`${corpora}streams/index.json`);
if (!hasCorpora) console.log('skipped: recordings, because ../shared/corpora/streams is not there');

export function readCorpus(name: string): string | undefined {
	return existsSync(corpora + name) ? readFileSync(corpora + name, 'utf8') : undefined;
}

/** Every recording whose `provider` in the index is one of these. */
export function recordingsOf(...providers: readonly string[]): readonly Recording[] {
	if (!hasCorpora) return [];
	const index = JSON.parse(readFileSync(`${corpora}streams/index.json`, 'utf8')) as readonly IndexRow[];
	return index.filter((row) => providers.includes(row.provider)).flatMap((row) => readRecording(row));
}

function readRecording(row: IndexRow): readonly Recording[] {
	const text = readFileSync(`${corpora}streams/${row.file}`, 'utf8');
	if (!row.file.endsWith('.jsonl')) return [recording(row.file, text)];
	const responses: string[] = [];
	for (const line of text.split('\n')) {
		if (line.trim() === '') continue;
		const value = JSON.parse(line) as { type?: string };
		const isStart = value.type === 'message_start' || value.type === 'response.created';
		if (isStart || responses.length === 0) responses.push('');
		const event = value.type === undefined ? '' : `event: ${value.type}\n`;
		responses[responses.length - 1] += `${event}data: ${line}\n\n`;
	}
	return responses.map((framed, at) =>
		recording(responses.length === 1 ? row.file : `${row.file}#${String(at)}`, framed)
	);
}

function recording(name: string, text: string): Recording {
	return { name, text, bytes: new TextEncoder().encode(text) };
}
