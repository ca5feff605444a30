/** What goes in and comes out of the edge's own endpoints: parsed with these, documented from these. */

import * as z from 'zod/mini';

/** `POST /api/fetch`. */
export const fetchRequest = z.strictObject({
	url: z.string().check(z.minLength(1), z.maxLength(2048)),
	method: z._default(z.enum(['GET', 'HEAD']), 'GET'),
	headers: z._default(
		z.record(
			z.string().check(z.regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}$/)),
			z.string().check(z.regex(/^[\t\x20-\x7e\x80-\xff]{0,4096}$/))
		),
		{}
	)
});

export const relayProviderList = z.array(
	z.object({
		id: z.string(),
		title: z.string(),
		protocol: z.string(),
		basePath: z.string(),
		hasRelayKey: z.boolean()
	})
);

const feature = z.object({ available: z.boolean(), reason: z.optional(z.string()) });
export const health = z.object({
	status: z.literal('ok'),
	claimed: z.boolean(),
	/** Only whom it knows may use it, claimed or not. */
	closed: z.boolean(),
	features: z.record(z.string(), feature)
});
export type Health = z.infer<typeof health>;

const counts = z.record(z.string(), z.number());
export const relayMetrics = z.object({
	/** Five. */
	lastMinutes: counts,
	lastHour: counts,
	lastDay: counts,
	isFailing: z.boolean(),
	spentToday: z.array(z.object({ home: z.string(), tokens: z.number(), microDollars: z.number() }))
});

export const failure = z.object({
	ok: z.literal(false),
	error: z.object({
		id: z.string(),
		message: z.string(),
		requestId: z.string(),
		data: z.optional(z.unknown())
	})
});
