/** The few words that rendered Markdown shows by itself, in one place. */
import { m } from '../../paraglide/messages';

export const labels = {
	code: (lang: string) => (lang === '' ? m.code() : m.code_of({ lang })),
	copyCode: () => m.code_copy(),
	copied: () => m.code_copied(),
	table: () => m.table(),
	formula: () => m.formula(),
	done: () => m.task_done(),
	notDone: () => m.task_not_done()
};
