/** Two sealed notes at a place that only two devices know of, for ten minutes; or one for good. Pure: a meeting and a moment make the next. */

import { meetingMs, type MeetingSlot } from '../../wire/pairing';

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

/** Undefined where nothing is left. */
export function forgetNote(meeting: Meeting, slot: MeetingSlot): Meeting | undefined {
	const kept = Object.entries(meeting.notes).filter(([name]) => name !== slot);
	return kept.length === 0 ? undefined : { ...meeting, notes: Object.fromEntries(kept) };
}

export function readNote(meeting: Meeting | undefined, slot: MeetingSlot, now: number): string | undefined {
	return meeting === undefined || isOver(meeting, now) ? undefined : meeting.notes[slot];
}
