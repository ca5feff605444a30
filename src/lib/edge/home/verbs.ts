/** What the Worker's front asks the relay's home, as it crosses to the Durable Object and back. */

import * as z from 'zod/mini';
import { AppError, errorTable, type ErrorId } from '../../wire/errors';
import { passkeyAssertion } from '../../wire/passkey';
import { storedAnswer } from './idempotency';

const signedRequest = z.object({
	method: z.string(),
	target: z.string(),
	bodyHash: z.string(),
	aud: z.string()
});

/** Who asks, as far as the front can say. Only the home can say whether it is true. */
export const who = z.object({
	request: signedRequest,
	/** Client, or its IPv6 /64. */
	address: z.string(),
	proof: z.optional(z.object({ kid: z.string(), ts: z.number(), nonce: z.string(), sig: z.string() })),
	token: z.optional(z.string()),
	/** Somebody whom Cloudflare Access let through; the front has verified it. */
	access: z.optional(z.string()),
	/** Somebody at this very machine while nobody has claimed the relay; the front has seen that. */
	local: z.optional(z.literal(true)),
	/** A passkey's word for this very request, beside the device's. */
	passkey: z.optional(passkeyAssertion)
});
export type Who = z.infer<typeof who>;

export const homeCall = z.object({
	who: z.optional(who),
	input: z.optional(z.unknown()),
	counts: z.optional(z.record(z.string(), z.number()))
});

export const bucketKinds = ['provider', 'fetch', 'mcp', 'push', 'mail', 'share', 'own'] as const;

const spend = z.object({ tokens: z.number(), microDollars: z.number() });

export const admitInput = z.object({
	need: z.nullable(z.string()),
	bucket: z.enum(bucketKinds),
	/** A key of the relay's for this provider is wanted, and this is what it may cost at most. */
	provider: z.optional(z.string()),
	spend: z.optional(spend),
	/** So many bytes may come back at most. */
	bytes: z.optional(z.int().check(z.minimum(0))),
	/** The id of an MCP server that this device has named. */
	server: z.optional(z.string())
});
export type AdmitInput = z.infer<typeof admitInput>;

export const admitted = z.object({
	kid: z.string(),
	home: z.string(),
	scopes: z.array(z.string()),
	/** The relay's own key for the provider, where it keeps one. */
	key: z.nullable(z.string()),
	billing: z.enum(['keys', 'gateway']),
	/** The address of the MCP server that was asked for. */
	address: z.optional(z.string()),
	/** By the home's clock: goes back with `giveBack` or `settle`. */
	reservedAt: z.optional(z.number())
});
export type Admitted = z.infer<typeof admitted>;

/** What every request may have to know, asked for every few seconds by each isolate. */
export const homeState = z.object({
	isClaimed: z.boolean(),
	admission: z.enum(['open', 'invite', 'closed']),
	/** What is spent has to be estimated before it is. */
	isCapped: z.boolean(),
	/** Names of what counts for somebody are made with it; an object of an older build has none. */
	salt: z.optional(z.string()),
	secrets: z.array(z.string())
});
export type HomeState = z.infer<typeof homeState>;

/** Of what was reserved, what did not come. */
export const giveBackInput = z.object({ principal: z.string(), bytes: z.number(), reservedAt: z.number() });

/** What was counted before a request went out, and what its answer says that it took. */
export const settleInput = z.object({ home: z.string(), at: z.number(), reserved: spend, spent: spend });

export const idempotencyInput = z.object({
	key: z.string(),
	bodyHash: z.optional(z.string()),
	answer: z.optional(storedAnswer)
});
export const begun = z.object({
	found: z.enum(['new', 'in-flight', 'other-body', 'expired', 'done']),
	answer: z.optional(storedAnswer)
});

const errorId = z.custom<ErrorId>((value) => typeof value === 'string' && Object.hasOwn(errorTable, value));
export const homeAnswer = z.union([
	z.object({ ok: z.literal(true), data: z.unknown() }),
	z.object({
		ok: z.literal(false),
		error: z.object({ id: errorId, message: z.string(), data: z.optional(z.json()) })
	})
]);

interface Schema<T> {
	safeParse(value: unknown): { success: true; data: T } | { success: false };
}
export function parse<T>(schema: Schema<T>, value: unknown): T {
	const parsed = schema.safeParse(value);
	if (!parsed.success) throw new AppError('input/invalid', { data: { code: 'bad-body' } });
	return parsed.data;
}
