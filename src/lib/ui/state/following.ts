/** Whether the transcript goes on following its end: a decision over where it was and where it is. Pure. */

/** As a scrolling element has them, in pixels. */
export interface Scrolled {
	readonly scrollTop: number;
	readonly clientHeight: number;
	readonly scrollHeight: number;
}

/** Less than this from the end is the end. */
const nearEnd = 56;
/** Positions are rounded. */
const slack = 2;

/**
 * @param seen where it stood when this was last asked
 * Only a reader who goes up leaves the end. Text that came in between is no reason, nor is a screen that grew
 * (the browser then moves the top, and the bottom edge stays) or shrank (the other way round).
 */
export function isFollowing(wasFollowing: boolean, seen: Scrolled, now: Scrolled): boolean {
	if (now.scrollHeight - bottom(now) < nearEnd) return true;
	return wasFollowing && !hasGoneUp(seen, now);
}

function hasGoneUp(seen: Scrolled, now: Scrolled): boolean {
	return now.scrollTop < seen.scrollTop - slack && bottom(now) < bottom(seen) - slack;
}

const bottom = ({ scrollTop, clientHeight }: Scrolled): number => scrollTop + clientHeight;
