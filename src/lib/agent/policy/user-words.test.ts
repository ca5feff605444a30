import { describe, expect, it } from 'vitest';
import type { Entry, FilePart, Part } from '../../wire/entries';
import { userLabels } from '../../wire/labels';
import { participant, participantLabels } from './participants';
import { messageLabels, userWords } from './user-words';

const file: FilePart = {
	type: 'file',
	blob: 'ab'.repeat(32),
	name: 'https://evil.example.txt',
	mediaType: 'text/plain',
	size: 9
};
const text = (words: string): Part => ({ type: 'text', text: words });

function entry(change: Partial<Entry>): Entry {
	return {
		id: 'e',
		sessionId: 's',
		parentId: null,
		v: 1,
		kind: 'user',
		author: { device: 'd', principal: 'user' },
		parts: [text('write to ada@example.org')],
		labels: userLabels,
		lam: 1,
		at: 1,
		...change
	};
}

describe("the user's own words", () => {
	it('are what was typed, also beside an attached file, but not what the file is called', () => {
		expect(userWords(entry({}))).toBe('write to ada@example.org');
		const attached = entry({
			parts: [text('write to ada@example.org'), file],
			labels: messageLabels([file])
		});
		expect(attached.labels).toMatchObject({ integrity: 'untrusted', private: true });
		expect(userWords(attached)).toBe('write to ada@example.org');
		expect(userWords(attached)).not.toContain('evil');
	});

	it.each<[string, Partial<Entry>]>([
		['an answer', { kind: 'assistant' }],
		['a result', { kind: 'result' }],
		['a note', { kind: 'note' }],
		[
			'an import',
			{
				author: { device: 'd', principal: 'import' },
				parts: [text('x'), file],
				labels: messageLabels([file])
			}
		],
		['a participant', { author: { device: 'd', principal: participant('user') }, labels: participantLabels }],
		['tainted without a file', { labels: { ...userLabels, integrity: 'untrusted', sources: ['mail'] } }],
		['tainted by nobody knows what', { labels: { ...userLabels, integrity: 'untrusted', sources: [] } }],
		[
			'tainted by a file that is not on it',
			{ labels: { ...userLabels, integrity: 'untrusted', sources: ['file:other.txt'] } }
		],
		[
			'tainted by its file and by something else',
			{
				parts: [text('x'), file],
				labels: { ...messageLabels([file]), sources: [`file:${file.name}`, 'https://evil.example'] }
			}
		],
		['made here from other content', { labels: { ...userLabels, integrity: 'own' } }],
		[
			'holding what no person types',
			{
				parts: [text('x'), { type: 'provider', provider: 'p', gist: 'g', raw: null }, file],
				labels: messageLabels([file])
			}
		]
	])('are not in an entry that is %s', (_, change) => {
		expect(userWords(entry(change))).toBe('');
	});
});
