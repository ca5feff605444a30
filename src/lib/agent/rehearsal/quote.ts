/** Finds the section of the documentation that a question is about, to be quoted as it stands. */

import { keywords, rank, words } from '../memory/rank';

export interface DocPage {
	readonly title: string;
	/** Markdown. `## Heading` begins a section; a line `Also: a, b` under it names other words for it. */
	readonly text: string;
}
export interface DocSection {
	readonly page: string;
	readonly heading: string;
	readonly body: string;
}

/** Most of what the question is about must be in the section; else it is about something else. */
const leastScore = 0.6;

const question =
	/^(?:help|how|what|which|where|when|why|who|can|could|does|do|is|are|will|explain|tell me about)\b|\?\s*$/i;

/** The best section, or `undefined` where this is no question that the documentation answers. */
export function quoteFor(text: string, pages: readonly DocPage[]): DocSection | undefined {
	const asked = text.trim();
	if (!question.test(asked)) return undefined;
	const sections = pages.flatMap(readPage);
	if (/^help\W*$/i.test(asked)) return sections[0]?.section;
	const wanted = keywords(asked).filter((word) => word !== 'wherry' && word !== 'explain');
	if (wanted.length === 0) return undefined;
	const [best] = rank(
		wanted.join(' '),
		sections,
		({ section, also }) => `${section.heading} ${also} ${section.body}`
	)
		.map(({ item, score }) => ({
			item,
			score,
			near: nearness(wanted, `${item.section.heading} ${item.also}`)
		}))
		// A body that happens to hold the words is about something else: the heading must have some too.
		.filter(({ score, near }) => score >= leastScore && near > 0)
		.sort((a, b) => b.score + b.near - (a.score + a.near));
	return best?.item.section;
}

function nearness(wanted: readonly string[], heading: string): number {
	const bag = new Set(words(heading));
	return wanted.filter((word) => bag.has(word)).length / wanted.length;
}

interface ReadSection {
	readonly section: DocSection;
	readonly also: string;
}

function readPage({ title, text }: DocPage): readonly ReadSection[] {
	return text
		.split(/^## /m)
		.slice(1)
		.map((piece) => {
			const [heading = '', ...lines] = piece.split('\n');
			const also = lines.find((line) => line.startsWith('Also: '))?.slice('Also: '.length) ?? '';
			const body = lines
				.filter((line) => !line.startsWith('Also: '))
				.join('\n')
				.trim();
			return { section: { page: title, heading: heading.trim(), body }, also };
		});
}
