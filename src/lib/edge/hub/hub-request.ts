/**
 * How the relay hands a request to a hub: the provider's address and headers travel in headers of their
 * own, so that the object's request has none that a runtime would change.
 */

import * as z from 'zod/mini';
import { fromBase64 } from '../../wire/base64';
import { parseJson } from '../../wire/json';
import { ticket } from '../home/settle';

const targetHeader = 'x-wherry-target';
const target = z.object({
	url: z.string(),
	headers: z.array(z.tuple([z.string(), z.string()])),
	/** Where the relay pays and has a cap. */
	ticket: z.optional(ticket)
});

export type HubTarget = z.infer<typeof target>;

export function withTarget(headers: Headers, asked: HubTarget): void {
	headers.set(targetHeader, encodeURIComponent(JSON.stringify(asked)));
}

export function hubTarget(headers: Headers): HubTarget | undefined {
	const parsed = target.safeParse(parseJson(decodeURIComponent(headers.get(targetHeader) ?? '')));
	return parsed.success ? parsed.data : undefined;
}

/** 32 bytes in base64url; undefined for anything else. */
export function readSecret(text: string | null): Uint8Array<ArrayBuffer> | undefined {
	const bytes = fromBase64((text ?? '').replaceAll('-', '+').replaceAll('_', '/'));
	return bytes?.length === 32 ? bytes : undefined;
}
