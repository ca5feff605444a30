/** Numbers, times and money as a person reads them, in the page's language. */

/** The browser's own. */
const locale = undefined;
const compact = new Intl.NumberFormat(locale, { notation: 'compact', maximumFractionDigits: 1 });
const clock = new Intl.DateTimeFormat(locale, { hour: '2-digit', minute: '2-digit' });
const day = new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'short' });
const full = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short' });

export const tokensText = (count: number): string => compact.format(count);

export function durationText(ms: number): string {
	if (ms < 1_000) return `${Math.round(ms)} ms`;
	if (ms < 60_000) return `${(ms / 1_000).toFixed(1)} s`;
	return `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1_000)} s`;
}

export function moneyText(dollars: number): string {
	if (dollars === 0) return '$0';
	if (dollars < 0.01) return '< 1¢';
	return `$${dollars.toFixed(dollars < 1 ? 3 : 2)}`;
}

export function bytesText(bytes: number): string {
	const units = ['B', 'kB', 'MB', 'GB', 'TB'];
	let value = bytes;
	let unit = 0;
	while (value >= 1_000 && unit < units.length - 1) {
		value /= 1_000;
		unit++;
	}
	return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit] ?? ''}`;
}

export function whenText(at: number, now: number): string {
	const age = now - at;
	if (age < 86_400_000 && new Date(at).getDate() === new Date(now).getDate()) return clock.format(at);
	return day.format(at);
}

const relative = new Intl.RelativeTimeFormat(locale, { numeric: 'auto' });

/** `3 hours ago`. */
export function agoText(at: number, now: number): string {
	const minutes = Math.round((now - at) / 60_000);
	if (minutes < 60) return relative.format(-minutes, 'minute');
	const hours = Math.round(minutes / 60);
	return hours < 48 ? relative.format(-hours, 'hour') : relative.format(-Math.round(hours / 24), 'day');
}

export const fullTimeText = (at: number): string => full.format(at);
