/**
 * A file that a person chose → sessions of their own. Knows Wherry's JSON Lines and HTML and
 * the exports of ChatGPT, Claude, Open WebUI and LobeChat. What cannot be read is skipped and
 * named; only a file that is none of these is an error.
 */

import { AppError } from '../../../wire/errors';
import { parseJson } from '../../../wire/json';
import { dataBlockEnd, dataBlockStart } from './export-html';
import { buildSession } from './imported';
import type { Conversation, ImportedSession, ImportServices } from './imported';
import { isChatGpt, readChatGpt } from './read-chatgpt';
import { isClaude, readClaude } from './read-claude';
import { isLobeChat, readLobeChat } from './read-lobechat';
import { isOpenWebUi, readOpenWebUi } from './read-open-webui';
import { listOf, objectOf, textOf } from './read-value';
import { isWherry, readWherry } from './read-wherry';

export interface ImportResult {
	readonly sessions: readonly ImportedSession[];
	/** What was left out, in words for the person. */
	readonly skipped: readonly string[];
}

const maximumSkipped = 200;

/** Throws `import/unreadable` where the file is no export that it knows. */
export async function importFile(
	file: { readonly name: string; readonly text: string },
	services: ImportServices
): Promise<ImportResult> {
	const skipped: string[] = [];
	const skip = (what: string): void => {
		if (skipped.length < maximumSkipped) skipped.push(what);
		else if (skipped.length === maximumSkipped) skipped.push('and more');
	};
	const text = withoutHtml(file.text.replace(/^\ufeff/, '').trimStart());
	const { source, conversations } = isWherry(text)
		? { source: 'wherry', conversations: await readWherry(text, skip) }
		: readForeign(text, file.name, skip);
	const sessions: ImportedSession[] = [];
	let { lam } = services;
	for (const [place, conversation] of conversations.entries()) {
		const name =
			conversation.title === '' ? `conversation ${place + 1}` : `"${conversation.title.slice(0, 60)}"`;
		const session = guarded(() =>
			buildSession(conversation, source, { ...services, lam }, (why) => skip(`${name}: ${why}`))
		);
		if (session === null) skip(`${name}: no readable message`);
		else {
			sessions.push(session);
			lam += session.entries.length + 1;
		}
	}
	return { sessions, skipped };
}

function withoutHtml(text: string): string {
	if (!text.startsWith('<')) return text;
	const start = text.indexOf(dataBlockStart);
	const end = start < 0 ? -1 : text.indexOf(dataBlockEnd, start);
	return end < 0 ? text : text.slice(start + dataBlockStart.length, end);
}

interface Foreign {
	readonly source: string;
	readonly conversations: readonly Conversation[];
}

const readers = [
	{ source: 'chatgpt', is: isChatGpt, read: readChatGpt },
	{ source: 'claude', is: isClaude, read: readClaude },
	{ source: 'open-webui', is: isOpenWebUi, read: readOpenWebUi }
] as const;

function readForeign(text: string, fileName: string, skip: (what: string) => void): Foreign {
	const value = parseJson(text);
	if (value === undefined) throw unreadable(fileName);
	if (isLobeChat(value))
		return { source: 'lobechat', conversations: guarded(() => readLobeChat(value)) ?? [] };
	const wrapped = objectOf(value)['conversations'] ?? objectOf(value)['chats'] ?? objectOf(value)['data'];
	const list = Array.isArray(value) ? value : Array.isArray(wrapped) ? wrapped : [value];
	const reader = readers.find(({ is }) => list.some((one) => is(one)));
	if (reader === undefined) throw unreadable(fileName);
	const conversations: Conversation[] = [];
	for (const [place, one] of listOf(list).entries()) {
		const { title, name } = objectOf(one);
		const label = (textOf(title) || textOf(name)).slice(0, 60);
		const read = reader.is(one) ? guarded(() => reader.read(one)) : null;
		if (read === null) skip(`${label === '' ? `conversation ${place + 1}` : `"${label}"`}: not readable`);
		else conversations.push(read);
	}
	return { source: reader.source, conversations };
}

/** The readers are total; should one not be, it costs that conversation and not the file. */
function guarded<T>(read: () => T): T | null {
	try {
		return read();
	} catch {
		return null;
	}
}

function unreadable(fileName: string): AppError {
	return new AppError('import/unreadable', { data: { name: fileName.slice(0, 200) } });
}

export type { ImportedSession, ImportServices } from './imported';
