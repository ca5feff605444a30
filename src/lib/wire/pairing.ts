/**
 * The meeting place of two devices that pair: `POST` and `GET /api/pair/{place}/{slot}`. Each slot takes one
 * sealed note, once; ten minutes after the first one the place is forgotten. A place that a recovery code leads to
 * is not: it has one note, and keeps it, for a device of the relay for good, for others while somebody asks for it within
 * 400 days.
 */

import * as z from 'zod/mini';

export const pairPrefix = '/api/pair/';

/** 128 bits that follow from the code. */
export const meetingPlace = z.string().check(z.regex(/^[A-Za-z0-9_-]{22}$/));

export const meetingSlots = ['ask', 'answer', 'recovery'] as const;
export type MeetingSlot = (typeof meetingSlots)[number];
export const meetingSlot = z.enum(meetingSlots);

/** A home's secret with hundreds of epochs, sealed, is 32 kB. */
export const meetingNote = z.object({
	note: z.string().check(z.regex(/^[A-Za-z0-9_-]+$/), z.maxLength(64 * 1024))
});

export const meetingMs = 10 * 60 * 1000;
