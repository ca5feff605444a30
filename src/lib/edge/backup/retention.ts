/**
 * Which backups of one key stay. Pure. What went wrong here is backed up too, every hour: so that there is always
 * one from before, each age has one that is that old and one that is going to be. They are ordered by what matters
 * most, for backups so large that the room does not do for all of them.
 */

import { backupLimits } from '../../wire/backup-api';

interface Kept {
	readonly at: number;
	readonly size: number;
}

const dayMs = 24 * 60 * 60 * 1000;
const weekMs = 7 * dayMs;
/** At most so many: the newest, one that somebody asked to keep, and two of each age. */
export const mostKept = 6;

/**
 * @param all newest first, and so is the answer
 * @param asked the name of one that stays whatever its age
 */
export function retain<T extends Kept>(all: readonly T[], now: number, asked?: number): readonly T[] {
	const ofAge = (from: number, to = Infinity): readonly T[] =>
		all.filter(({ at }) => now - at >= from && now - at < to);
	const wanted = [
		all[0],
		all.find(({ at }) => at === asked),
		ofAge(weekMs)[0],
		ofAge(dayMs, weekMs).at(-1),
		ofAge(-Infinity, dayMs).at(-1),
		ofAge(dayMs)[0]
	];
	const kept = new Set<T>();
	let room: number = backupLimits.bytesKept;
	for (const one of wanted) {
		if (one === undefined || kept.has(one) || one.size > room) continue;
		kept.add(one);
		room -= one.size;
	}
	return all.filter((one) => kept.has(one));
}
