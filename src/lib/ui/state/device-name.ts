/** What this device may call itself, so that a person tells it from the others: a proposal. */

const browsers = [
	[/Edg\//, 'Edge'],
	[/OPR\//, 'Opera'],
	[/Firefox\//, 'Firefox'],
	[/Chrom(e|ium)\//, 'Chrome'],
	[/Safari\//, 'Safari']
] as const;
const platforms = [
	[/iPhone/, 'iPhone'],
	[/iPad/, 'iPad'],
	[/Android/, 'Android'],
	[/Mac OS X/, 'Mac'],
	[/Windows/, 'Windows'],
	[/CrOS/, 'ChromeOS'],
	[/Linux/, 'Linux']
] as const;

/** @param agent as the browser says of itself. Proper names are the same in every language. */
export function proposedName(agent: string): string {
	const nameIn = (list: readonly (readonly [RegExp, string])[]): string | undefined =>
		list.find(([pattern]) => pattern.test(agent))?.[1];
	return [nameIn(browsers), nameIn(platforms)].filter((name) => name !== undefined).join(' · ');
}
