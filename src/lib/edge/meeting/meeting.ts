/** Two sealed notes at a place that only two devices know of, for ten minutes; or one for recovery, which stays. Pure: a meeting and a moment make the next. */

import { meetingMs, type MeetingSlot } from '../../wire/pairing';

/** A stranger’s recovery note that nobody has read or left again for so long is forgotten. */
export const recoveryMs = 400 * 24 * 60 * 60 * 1000;
/** Of a recovery note, on its way to its object: which count it is of, and that it stays for good. */
export const meetingHeaders = { counter: 'x-counter', forGood: 'x-for-good' } as const;
/** New ones of one address or home in that time. */
export const recoveryNotes = 50;

export interface Meeting {
	readonly startedAt: number;
	readonly notes: Readonly<Partial<Record<MeetingSlot, string>>>;
}

export function isOver(meeting: Meeting, now: number): boolean {
	return meeting.notes.recovery === undefined && now >= meeting.startedAt + meetingMs;
}

/** Undefined where somebody wrote there before: the same note again is the same. */
export function leaveNote(
	meeting: Meeting | undefined,
	slot: MeetingSlot,
	note: string,
	now: number
): Meeting | undefined {
	const current = meeting === undefined || isOver(meeting, now) ? { startedAt: now, notes: {} } : meeting;
	const held = current.notes[slot];
	if (held !== undefined) return held === note ? current : undefined;
	return { ...current, notes: { ...current.notes, [slot]: note } };
}

/** @param kept when each was left. Undefined where there are as many as there may be. */
export function countKept(kept: readonly number[], now: number): readonly number[] | undefined {
	const recent = kept.filter((at) => at > now - recoveryMs);
	return recent.length < recoveryNotes ? [...recent, now] : undefined;
}

/** Undefined where nothing is left. */
export function forgetNote(meeting: Meeting, slot: MeetingSlot): Meeting | undefined {
	const kept = Object.entries(meeting.notes).filter(([name]) => name !== slot);
	return kept.length === 0 ? undefined : { ...meeting, notes: Object.fromEntries(kept) };
}

export function readNote(meeting: Meeting | undefined, slot: MeetingSlot, now: number): string | undefined {
	return meeting === undefined || isOver(meeting, now) ? undefined : meeting.notes[slot];
}
