/**
 * `/api/shares` between agent and edge. The edge keeps sealed bytes, hashes of two tokens and two times;
 * everything else stays behind `#`.
 */

import * as z from 'zod/mini';
import { shareLimits } from './share';

const hash = z.string().check(z.regex(/^[A-Za-z0-9_-]{43}$/));

/** `POST /api/shares`: the sealed bytes are the body, this is the header of `shareHeader`, as JSON. */
export const shareHeader = 'x-wherry-share';
export const newShare = z.strictObject({
	shareId: z.string().check(z.regex(/^[A-Za-z0-9_-]{22}$/)),
	/** SHA-256 of the token that reads. */
	readHash: hash,
	/** SHA-256 of the token that revokes and counts. */
	ownerHash: hash,
	days: z.number().check(z.int(), z.gte(1), z.lte(shareLimits.maximumDays)),
	/** It goes on growing: who signs that, who may write to it besides, and the frame that names these bytes. */
	live: z.exactOptional(
		z.strictObject({
			ownerKey: hash,
			writeKey: z.exactOptional(hash),
			frame: z.strictObject({
				seq: z.literal(0),
				prev: z.literal(''),
				body: z.string().check(z.regex(/^[A-Za-z0-9_-]{1,4000}$/)),
				sig: z.string().check(z.regex(/^[A-Za-z0-9_-]{86}$/))
			})
		})
	)
});
export type NewShare = z.infer<typeof newShare>;
/** `PUT /api/shares/{id}`: a new base is the body, the frame that names it stands in this header, as JSON. */
export const frameHeader = 'x-wherry-frame';

export const shareState = z.object({
	shareId: z.string(),
	createdAt: z.number(),
	expiresAt: z.number(),
	size: z.number(),
	opens: z.number(),
	/** At a live share now. */
	readers: z.exactOptional(z.number())
});
export type ShareState = z.infer<typeof shareState>;
