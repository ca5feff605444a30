/** 50 kB of an answer as models write them: the same in every run. */

import { prose, seeded } from './measure';

export const markdownBytes = 50_000;

export function markdownText(): string {
	const random = seeded(20_261_108);
	const sentence = (length: number): string => `${prose(random, length).trim()}.`;
	const emphasised = (): string =>
		`${sentence(90)} **${prose(random, 18).trim()}** ${prose(random, 60).trim()} *${prose(random, 12).trim()}* and \`${prose(random, 10).trim()}\` ${sentence(70)}`;
	const blocks: (() => string)[] = [
		() => `## ${prose(random, 30).trim()}`,
		() => emphasised(),
		() => `${emphasised()} ${emphasised()}`,
		() => Array.from({ length: 5 }, () => `- ${emphasised()}`).join('\n'),
		() => Array.from({ length: 4 }, (_, i) => `${String(i + 1)}. ${sentence(60)}`).join('\n'),
		() => `> ${sentence(120)}`,
		() =>
			['| a | b | c |', '| --- | --- | --- |']
				.concat(
					Array.from(
						{ length: 6 },
						() => `| ${prose(random, 12).trim()} | **${prose(random, 8).trim()}** | 7 |`
					)
				)
				.join('\n')
	];
	let text = '';
	for (let i = 0; text.length < markdownBytes; i++) text += `${blocks[i % blocks.length]?.() ?? ''}\n\n`;
	return text;
}
