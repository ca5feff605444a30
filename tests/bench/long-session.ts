/** 5,000 messages, questions and answers in turn, and the file that brings them in. */

import { prose, seeded } from './measure';

export const messageCount = 5_000;
export const sessionTitle = 'Five thousand messages';
export const lastWords = 'these are the last words';

export function longSession(count = messageCount): string[] {
	const random = seeded(20_261_109);
	return Array.from({ length: count }, (_, index) => {
		if (index === count - 1) return `## The end\n\n${prose(random, 200)} ${lastWords}`;
		if (index % 2 === 0) return prose(random, 80);
		return `${prose(random, 240)}\n\n- **${prose(random, 20).trim()}** ${prose(random, 60)}\n- ${prose(random, 50)}\n\n${prose(random, 160)} \`${prose(random, 10).trim()}\``;
	});
}

/** As Wherry's own export has it. */
export function asExport(messages: readonly string[], title: string): string {
	const at = 1_762_000_000_000;
	const labels = { integrity: 'user', private: false, sources: [] };
	const register = (value: unknown): unknown => ({ value, lam: 1, dev: 'bench' });
	const session = {
		id: 's',
		v: 1,
		createdAt: at,
		temporary: false,
		registers: {
			title: register(title),
			titleBy: register('user'),
			head: register(`e${String(messages.length - 1)}`)
		}
	};
	const entries = messages.map((text, index) => ({
		id: `e${String(index)}`,
		sessionId: 's',
		parentId: index === 0 ? null : `e${String(index - 1)}`,
		v: 1,
		kind: index % 2 === 0 ? 'user' : 'assistant',
		author: { device: 'bench', principal: index % 2 === 0 ? 'user' : 'agent' },
		parts: [{ type: 'text', text }],
		labels,
		lam: index + 1,
		at: at + index
	}));
	const rows = [
		{ format: 'wherry/session', v: 1, exportedAt: at },
		{ session },
		...entries.map((entry) => ({ entry }))
	];
	return `${rows.map((row) => JSON.stringify(row)).join('\n')}\n`;
}
