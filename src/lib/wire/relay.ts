/** Who may use a relay and for what: what crosses between a device and the relay's own endpoints. */

import * as z from 'zod/mini';
import { devicePublicKey } from './device';

/** `provider.use` stands for every provider, `provider.use:{id}` for one; `mcp` for every MCP server that the device names. */
export const relayScope = z
	.string()
	.check(
		z.regex(
			/^(?:admin|sync|share|push|mail\.send|fetch|wake|provider\.use(?::[a-z0-9-]{1,40})?|mcp(?::[\w.-]{1,64})?)$/
		)
	);
export const ownerScopes = [
	'admin',
	'provider.use',
	'fetch',
	'mcp',
	'sync',
	'share',
	'push',
	'mail.send',
	'wake'
];
/** No `mcp`: it would let a guest send anything to anybody from here. */
export const guestScopes = ['provider.use', 'fetch', 'sync', 'share', 'push', 'wake'];

export function covers(scopes: readonly string[], need: string): boolean {
	return scopes.includes(need) || scopes.includes(need.split(':')[0] ?? need);
}

const name = z.string().check(z.minLength(1), z.maxLength(60));
const code = z.string().check(z.maxLength(200));

/** `POST /api/claim`, signed by that very key. */
export const claimRequest = z.strictObject({ code, name, key: devicePublicKey });

/** `POST /api/devices`: by an admin for a device of its own home, or with an invitation by the new device itself. */
export const deviceRequest = z.strictObject({
	key: devicePublicKey,
	name,
	invite: z.optional(code),
	scopes: z.optional(z.array(relayScope).check(z.maxLength(40)))
});

export const relayDevice = z.object({
	kid: z.string(),
	name: z.string(),
	/** Devices of one person have the same. */
	home: z.string(),
	scopes: z.array(z.string()),
	addedAt: z.number(),
	/** 0: never. To the minute. */
	lastSeen: z.number(),
	isRevoked: z.boolean()
});
export type RelayDevice = z.infer<typeof relayDevice>;

/** `POST /api/invites` makes one, good once and for a week. */
export const invitation = z.object({ code: z.string(), expiresAt: z.number() });

export const relayToken = z.object({
	token: z.string(),
	expiresAt: z.number(),
	scopes: z.array(z.string())
});

/** `PUT /api/secrets`. */
export const secretRequest = z.strictObject({
	provider: z.string().check(z.regex(/^[a-z0-9-]{1,40}$/)),
	key: z.string().check(z.regex(/^[\x21-\x7e]{8,4096}$/))
});

/** `PUT /api/mcp-servers`, signed: its address comes from a person. */
export const mcpServerRequest = z.strictObject({
	url: z.string().check(z.minLength(1), z.maxLength(2048))
});
/** From then on it is asked for by its id: `/api/mcp-relay/{id}`. */
export const mcpServer = z.object({ id: z.string(), url: z.string() });
export type McpServer = z.infer<typeof mcpServer>;

export const admissions = ['open', 'invite', 'closed'] as const;
const cap = z.nullable(z.int().check(z.minimum(0), z.maximum(1e12)));

/** `GET` and `PUT /api/admission`. */
export const relayRules = z.strictObject({
	/** Who is no device of this relay: may pass with keys of their own (`open`), only by invitation, or not at all. */
	admission: z.enum(admissions),
	/** What one home may spend of the relay's keys a day (UTC); null: no limit. */
	tokensPerDay: cap,
	microDollarsPerDay: cap,
	/** Relay keys at the providers themselves, or one AI Gateway account for all. */
	billing: z.enum(['keys', 'gateway']),
	/** Where to say that too many requests fail; https. */
	alertWebhook: z.nullable(z.string().check(z.maxLength(2048)))
});
export type RelayRules = z.infer<typeof relayRules>;
export const defaultRules: RelayRules = {
	admission: 'invite',
	tokensPerDay: null,
	microDollarsPerDay: null,
	billing: 'keys',
	alertWebhook: null
};

export const relaySecrets = z.object({
	/** False where the Worker has no RELAY_SECRET to seal them with. */
	canKeep: z.boolean(),
	providers: z.array(z.string())
});
