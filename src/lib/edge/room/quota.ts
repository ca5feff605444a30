/**
 * How much a device may write into a room, and how much a room holds (trust.md C13): a bucket of envelopes, so
 * many bytes an hour, a ceiling for the whole. Pure: what was used and a moment make what is used next.
 */

export const quota = {
	perSecond: 50,
	burst: 500,
	bytesPerHour: 64 * 1024 * 1024,
	/** A Durable Object holds ten gigabytes on a paid plan, and one account five on a free one. */
	roomBytes: 1024 * 1024 * 1024,
	/** Of that for files that no snapshot holds; the rest is for what is new, so that files alone fill no room. */
	fileBytes: 512 * 1024 * 1024
} as const;

/** What one device has left. */
export interface Allowance {
	readonly envelopes: number;
	readonly bytes: number;
	readonly at: number;
}

export const fullAllowance = (now: number): Allowance => ({
	envelopes: quota.burst,
	bytes: quota.bytesPerHour,
	at: now
});

const hourMs = 60 * 60_000;

/** Undefined where it would be too much now. */
export function spend(before: Allowance, bytes: number, now: number): Allowance | undefined {
	const passed = Math.max(0, now - before.at);
	const envelopes = Math.min(quota.burst, before.envelopes + (passed / 1000) * quota.perSecond);
	const left = Math.min(quota.bytesPerHour, before.bytes + (passed / hourMs) * quota.bytesPerHour);
	if (envelopes < 1 || left < bytes) return undefined;
	return { envelopes: envelopes - 1, bytes: left - bytes, at: now };
}
