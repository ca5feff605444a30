/** The few words that rendered Markdown shows by itself, in one place. */
export const labels = {
	code: (lang: string) => (lang === '' ? 'Code' : `Code: ${lang}`),
	copyCode: () => 'Copy code',
	copied: () => 'Copied',
	table: () => 'Table',
	formula: () => 'Formula',
	remoteImage: () => 'Remote image, not loaded',
	done: () => 'Done',
	notDone: () => 'Not done'
};
