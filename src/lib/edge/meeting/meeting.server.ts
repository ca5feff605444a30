/**
 * The Durable Object around a meeting: one object a place, which forgets everything when its time is over. And around a
 * count of recovery notes, named by `of:` and what says of whom to this relay alone.
 */

import { DurableObject } from 'cloudflare:workers';
import { AppError } from '../../wire/errors';
import { meetingMs, meetingNote, meetingSlot, type MeetingSlot } from '../../wire/pairing';
import { parseJson } from '../../wire/json';
import { fail, succeed } from '../envelope';
import {
	countKept,
	forgetNote,
	leaveNote,
	meetingHeaders,
	readNote,
	recoveryMs,
	type Meeting
} from './meeting';

const key = 'meeting';
const counterKey = 'kept';
/** Reading puts off when it is forgotten, at most once a day. */
const dayMs = 24 * 60 * 60 * 1000;

export class MeetingPlace extends DurableObject<Env> {
	override async fetch(request: Request): Promise<Response> {
		const requestId = request.headers.get('x-request-id') ?? '';
		const path = new URL(request.url).pathname.slice(1);
		if (path === 'count') return new Response(null, { status: (await this.#count()) ? 204 : 429 });
		const slot = meetingSlot.safeParse(path);
		if (!slot.success) return fail(new AppError('input/invalid'), requestId);
		if (request.method === 'DELETE') {
			await this.#forget(slot.data);
			return succeed({}, requestId);
		}
		if (request.method !== 'POST') return succeed({ note: await this.#read(slot.data) }, requestId);
		const body = meetingNote.safeParse(parseJson(await request.text()));
		if (!body.success) return fail(new AppError('input/invalid'), requestId);
		const refusal = await this.#leave(slot.data, body.data.note, request.headers);
		return refusal === undefined ? succeed({}, requestId) : fail(refusal, requestId);
	}

	override async alarm(): Promise<void> {
		await this.ctx.storage.deleteAll();
	}

	async #read(slot: MeetingSlot): Promise<string | null> {
		const { storage } = this.ctx;
		const now = Date.now();
		const note = readNote(await storage.get<Meeting>(key), slot, now);
		if (note === undefined) return null;
		const until = slot === 'recovery' ? await storage.getAlarm() : null;
		if (until !== null && until < now + recoveryMs - dayMs) await storage.setAlarm(now + recoveryMs);
		return note;
	}

	async #leave(slot: MeetingSlot, note: string, headers: Headers): Promise<AppError | undefined> {
		const { storage } = this.ctx;
		const next = async (): Promise<Meeting | undefined> =>
			leaveNote(await storage.get<Meeting>(key), slot, note, Date.now());
		const before = await storage.get<Meeting>(key);
		if ((await next()) === undefined) return new AppError('pair/taken');
		const counter = headers.get(meetingHeaders.counter);
		const isNew = slot === 'recovery' && before?.notes.recovery === undefined;
		if (isNew && counter !== null && !(await this.#mayKeep(counter))) {
			const message = 'This relay keeps no more recovery notes from here for now.';
			return new AppError('relay/limit-reached', { message });
		}
		// Somebody else may have written while it was counted.
		const meeting = await next();
		if (meeting === undefined) return new AppError('pair/taken');
		await storage.put(key, meeting);
		if (meeting.notes.recovery === undefined) await storage.setAlarm(meeting.startedAt + meetingMs);
		else if (headers.has(meetingHeaders.forGood)) await storage.deleteAlarm();
		else if (slot === 'recovery') await storage.setAlarm(Date.now() + recoveryMs);
		return undefined;
	}

	async #forget(slot: MeetingSlot): Promise<void> {
		const { storage } = this.ctx;
		const meeting = await storage.get<Meeting>(key);
		const rest = meeting === undefined ? undefined : forgetNote(meeting, slot);
		if (rest !== undefined) return await storage.put(key, rest);
		await storage.deleteAlarm();
		await storage.deleteAll();
	}

	async #mayKeep(counter: string): Promise<boolean> {
		const answer = await this.env.MEETINGS?.getByName(counter).fetch('https://meeting/count');
		return answer?.status === 204;
	}

	async #count(): Promise<boolean> {
		const { storage } = this.ctx;
		const now = Date.now();
		const kept = countKept((await storage.get<readonly number[]>(counterKey)) ?? [], now);
		if (kept === undefined) return false;
		await storage.put(counterKey, kept);
		await storage.setAlarm(now + recoveryMs);
		return true;
	}
}
