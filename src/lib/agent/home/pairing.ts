/**
 * A new device comes into the home. Both know the code; each leaves one sealed note at a meeting place on
 * the edge that the code alone leads to. The new device asks with its public keys; the other one, once the
 * person has agreed, answers with the home's secret, sealed for these keys as well as under the code: whoever
 * learns the code later has nothing.
 */

import * as z from 'zod/mini';
import { joinBytes, utf8 } from '../../wire/bytes';
import { fromBase64Url, toBase64Url } from '../../wire/device';
import { AppError } from '../../wire/errors';
import { parseJson } from '../../wire/json';
import type { MeetingSlot } from '../../wire/pairing';
import { member, type Member } from '../../wire/sync';
import { openFrom, sealTo, type AgreementKey } from './agreement-key';
import { derive, homeBytes, readHome, type Home } from './home';

/** The meeting place: each slot is written once, and all is gone after ten minutes. */
export interface MeetingPlace {
	/** `taken`: somebody wrote there before. */
	put(place: string, slot: MeetingSlot, note: string): Promise<'ok' | 'taken'>;
	get(place: string, slot: MeetingSlot): Promise<string | undefined>;
	/** Nothing is there any more; also where nothing was. */
	forget(place: string, slot: MeetingSlot): Promise<void>;
}

/** Keys of providers that the person sends along, sealed for the new device alone. */
export interface SentKeys {
	readonly ephemeral: string;
	readonly sealed: string;
}

export interface Asking {
	readonly member: Member;
	/** As the device calls itself, for the person to recognise. */
	readonly name: string;
}

const askSchema = z.object({ v: z.literal(1), member, name: z.string().check(z.maxLength(100)) });
const sealed = { ephemeral: z.string(), sealed: z.string() };
const answerSchema = z.object({ ...sealed, keys: z.optional(z.object(sealed)) });

/** See `sent-keys.ts`. */
export interface SentKeys {
	readonly ephemeral: string;
	readonly sealed: string;
}

export interface Received {
	readonly home: Home;
	/** Provider keys that came along. */
	readonly keys?: SentKeys;
}

/** The new device: leaves its keys. Throws `pair/taken`. */
export async function ask(secret: Uint8Array<ArrayBuffer>, asking: Asking, at: MeetingPlace): Promise<void> {
	const note = await sealNote(secret, 'ask', { v: 1, ...asking });
	if ((await at.put(await placeOf(secret), 'ask', note)) === 'taken') throw new AppError('pair/taken');
}

/** The device that showed the code: who asks, or undefined while nobody does. Throws `pair/refused`. */
export async function whoAsks(
	secret: Uint8Array<ArrayBuffer>,
	at: MeetingPlace
): Promise<Asking | undefined> {
	const note = await at.get(await placeOf(secret), 'ask');
	if (note === undefined) return undefined;
	const read = askSchema.safeParse(await openNote(secret, 'ask', note));
	if (!read.success) throw new AppError('pair/refused');
	return { member: read.data.member, name: read.data.name };
}

/** After the person has agreed, and the room has let the device in. */
export async function answer(
	secret: Uint8Array<ArrayBuffer>,
	to: Asking,
	/** `since`: see `homeBytes`. */
	{ home, since }: { readonly home: Home; readonly since: number },
	at: MeetingPlace,
	keys?: SentKeys
): Promise<void> {
	const sealed = await sealTo(to.member.agree, homeBytes(home, since), contextOf(to.member));
	if (sealed === undefined) throw new AppError('pair/refused');
	const note = await sealNote(secret, 'answer', { ...sealed, ...(keys === undefined ? {} : { keys }) });
	if ((await at.put(await placeOf(secret), 'answer', note)) === 'taken') throw new AppError('pair/taken');
}

/** The new device: the home, or undefined while there is no answer. Throws `pair/refused`. */
export async function receiveHome(
	secret: Uint8Array<ArrayBuffer>,
	mine: { readonly member: Member; readonly agreement: AgreementKey },
	at: MeetingPlace
): Promise<Received | undefined> {
	const note = await at.get(await placeOf(secret), 'answer');
	if (note === undefined) return undefined;
	const read = answerSchema.safeParse(await openNote(secret, 'answer', note));
	const bytes = read.success ? await openFrom(mine.agreement, read.data, contextOf(mine.member)) : undefined;
	const home = bytes === undefined ? undefined : await readHome(bytes);
	if (!read.success || home === undefined) throw new AppError('pair/refused');
	const { keys } = read.data;
	return { home, ...(keys === undefined ? {} : { keys }) };
}

const contextOf = ({ device }: Member): string => `wherry-pair/v1|${device.kid}`;

async function placeOf(secret: Uint8Array<ArrayBuffer>): Promise<string> {
	return toBase64Url(await derive(secret, 'pair|place', 16));
}

async function keyOf(secret: Uint8Array<ArrayBuffer>, slot: MeetingSlot): Promise<CryptoKey> {
	const raw = await derive(secret, `pair|${slot}`, 32);
	return crypto.subtle.importKey('raw', raw, 'AES-GCM', false, ['encrypt', 'decrypt']);
}

async function sealNote(
	secret: Uint8Array<ArrayBuffer>,
	slot: MeetingSlot,
	content: object
): Promise<string> {
	const iv = crypto.getRandomValues(new Uint8Array(12));
	const plain = utf8(JSON.stringify(content));
	const sealed = await crypto.subtle.encrypt({ name: 'AES-GCM', iv }, await keyOf(secret, slot), plain);
	return toBase64Url(joinBytes([iv, new Uint8Array(sealed)]));
}

async function openNote(secret: Uint8Array<ArrayBuffer>, slot: MeetingSlot, note: string): Promise<unknown> {
	const whole = fromBase64Url(note);
	if (whole === undefined) return undefined;
	try {
		const plain = await crypto.subtle.decrypt(
			{ name: 'AES-GCM', iv: whole.subarray(0, 12) },
			await keyOf(secret, slot),
			whole.subarray(12)
		);
		return parseJson(new TextDecoder().decode(plain));
	} catch {
		// Left there by somebody who does not know the code.
		return undefined;
	}
}
