import { expect, it } from 'vitest';
import { snippet } from './snippet';

it('shows the stretch with most of the words and marks them', () => {
	const text = `tea ${'filler '.repeat(60)}green tea from Uji ${'more '.repeat(60)}`;
	const found = snippet(text, 'green tea');
	expect(found.snippet.startsWith('…')).toBe(true);
	expect(found.snippet.endsWith('…')).toBe(true);
	expect(found.snippet.length).toBeLessThan(190);
	expect(found.marks.map(([start, end]) => found.snippet.slice(start, end))).toEqual(['green', 'tea']);
});

it('marks in scripts without spaces and with diacritics', () => {
	const found = snippet('昨日の東京都の天気と café', '東京 cafe');
	expect(found.marks.map(([start, end]) => found.snippet.slice(start, end))).toEqual(['東京', 'café']);
});

it('shows the beginning where nothing matches, on one line, without direction marks', () => {
	expect(snippet('first\nline\u202e here', 'zebra')).toEqual({ snippet: 'first line  here', marks: [] });
});
