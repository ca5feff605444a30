/** The Durable Object around a meeting: one object a place, which forgets everything when its time is over, if it ever is. */

import { DurableObject } from 'cloudflare:workers';
import { AppError } from '../../wire/errors';
import { meetingMs, meetingNote, meetingSlot } from '../../wire/pairing';
import { parseJson } from '../../wire/json';
import { fail, succeed } from '../envelope';
import { forgetNote, leaveNote, readNote, type Meeting } from './meeting';

const key = 'meeting';

export class MeetingPlace extends DurableObject {
	override async fetch(request: Request): Promise<Response> {
		const requestId = request.headers.get('x-request-id') ?? '';
		const slot = meetingSlot.safeParse(new URL(request.url).pathname.slice(1));
		if (!slot.success) return fail(new AppError('input/invalid'), requestId);
		const text = request.method === 'POST' ? await request.text() : undefined;
		const { storage } = this.ctx;
		const meeting = await storage.get<Meeting>(key);
		if (request.method === 'DELETE') {
			const rest = meeting === undefined ? undefined : forgetNote(meeting, slot.data);
			if (rest === undefined) await storage.deleteAll();
			else await storage.put(key, rest);
			return succeed({}, requestId);
		}
		const now = Date.now();
		if (text === undefined) return succeed({ note: readNote(meeting, slot.data, now) ?? null }, requestId);
		const body = meetingNote.safeParse(parseJson(text));
		if (!body.success) return fail(new AppError('input/invalid'), requestId);
		const next = leaveNote(meeting, slot.data, body.data.note, now);
		if (next === undefined) return fail(new AppError('pair/taken'), requestId);
		await storage.put(key, next);
		if (next.notes.recovery === undefined) await storage.setAlarm(next.startedAt + meetingMs);
		else await storage.deleteAlarm();
		return succeed({}, requestId);
	}

	override async alarm(): Promise<void> {
		await this.ctx.storage.deleteAll();
	}
}
