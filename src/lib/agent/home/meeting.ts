/** The meeting place as the edge has it. */

import * as z from 'zod/mini';
import { AppError, isErrorId } from '../../wire/errors';
import { isJsonObject } from '../../wire/json';
import { pairPrefix } from '../../wire/pairing';
import type { NetworkPort } from '../ports';
import type { MeetingPlace } from './pairing';

const found = z.object({ ok: z.literal(true), data: z.object({ note: z.nullable(z.string()) }) });

/** @param origin of the relay. */
export function createMeetingPlace(fetch: NetworkPort, origin: string): MeetingPlace {
	const address = (place: string, slot: string): string => `${origin}${pairPrefix}${place}/${slot}`;
	return {
		async put(place, slot, note) {
			const response = await fetch(address(place, slot), {
				method: 'POST',
				headers: { 'content-type': 'application/json' },
				body: JSON.stringify({ note })
			});
			if (response.headers.get('x-wherry-error') === 'pair/taken') return 'taken';
			if (!response.ok) throw await refusalOf(response);
			return 'ok';
		},
		async get(place, slot) {
			const response = await fetch(address(place, slot));
			if (!response.ok) throw await refusalOf(response);
			const body: unknown = await response.json();
			const read = found.safeParse(body);
			if (!read.success) throw new AppError('sync/unavailable');
			return read.data.data.note ?? undefined;
		},
		async forget(place, slot) {
			const response = await fetch(address(place, slot), { method: 'DELETE' });
			if (!response.ok) throw new AppError('sync/unavailable');
		}
	};
}

/** In the relay's own words. */
async function refusalOf(response: Response): Promise<AppError> {
	const body: unknown = await response.json().catch(() => undefined);
	const error = isJsonObject(body) ? body['error'] : undefined;
	if (!isJsonObject(error) || !isErrorId(error['id'])) return new AppError('sync/unavailable');
	return new AppError(error['id'], { message: String(error['message']) });
}
