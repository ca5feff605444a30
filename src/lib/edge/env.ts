/**
 * What the Worker's environment may hold. Everything is optional: an absent binding makes its feature
 * unavailable, with a reason, never an error. `.dev.vars.example` says what each is for.
 */

export interface RateLimiter {
	limit(options: { key: string }): Promise<{ success: boolean }>;
}

export interface WorkersAi {
	run(
		model: string,
		input: unknown,
		options: { returnRawResponse: true; signal?: AbortSignal }
	): Promise<Response>;
}

/** As much of a Durable Object namespace as the front needs. */
export interface ObjectNamespace {
	getByName(name: string): { fetch(url: string, init?: RequestInit): Promise<Response> };
}

export interface EdgeEnv {
	/** Hubs, one object a stream. */
	readonly STREAMS?: ObjectNamespace;
	/** Shared sessions, one object a share, and one an address that counts its shares. */
	readonly SHARES?: ObjectNamespace;
	/** 32 characters or more: whoever has it can take down a share, and not read it. */
	readonly SHARE_OPERATOR_TOKEN?: string;
	/** Who may use this relay: one object. */
	readonly HOME?: ObjectNamespace;
	/** Rooms, one object a home. */
	readonly ROOMS?: ObjectNamespace;
	/** Meeting places of devices that pair, one object a code. */
	readonly MEETINGS?: ObjectNamespace;
	/** Backups, one object a key, and one a home that counts its bytes a day. */
	readonly BACKUPS?: ObjectNamespace;
	readonly RATE_LIMIT?: RateLimiter;
	readonly AI?: WorkersAi;
	/** JSON, provider id → origin, possibly with a base path. */
	readonly RELAY_UPSTREAMS?: string;
	/** Requests a minute and address; 0 = no limit. Default 30. */
	readonly RELAY_RATE_LIMIT?: string;
	/** Origins, separated by white space or commas, whose pages may call the relay. */
	readonly RELAY_ALLOWED_ORIGINS?: string;
	/** `1`: nobody passes unknown, though the relay is unclaimed. */
	readonly RELAY_REQUIRE_AUTH?: string;
	readonly CLAIM_CODE?: string;
	/** `off`: passkeys are not asked for. For an owner who has lost theirs. */
	readonly RELAY_PASSKEYS?: string;
	/** At least 32 characters; seals the provider keys that the relay keeps. */
	readonly RELAY_SECRET?: string;
	/** `team.cloudflareaccess.com`, and the application's audience tag: both, or Access is not asked. */
	readonly CF_ACCESS_TEAM_DOMAIN?: string;
	readonly CF_ACCESS_AUD?: string;
	readonly AI_GATEWAY_ACCOUNT?: string;
	readonly AI_GATEWAY_ID?: string;
	/** Address of a DNS-over-HTTPS resolver (JSON API), or `off`. */
	readonly FETCH_DOH?: string;
}

/** Secrets and variables that a table names at run time. */
export function readVariable(env: EdgeEnv, name: string): string | undefined {
	const value: unknown = Reflect.get(env, name);
	return typeof value === 'string' && value !== '' ? value : undefined;
}

declare global {
	interface Env extends EdgeEnv {}
}
