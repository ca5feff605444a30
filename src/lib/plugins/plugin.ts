/**
 * The whole surface of a plugin, on one screen. `clock/plugin.ts` is the example to copy,
 * `npm run plugin:new my-id` makes the folder.
 *
 * A plugin reaches nothing but what its `context` hands it: lint forbids global fetch,
 * indexedDB and WebSocket in this folder.
 */

import type { Effect, Replay } from '../wire/events';
import type { Json, JsonObject } from '../wire/json';

export interface PluginDefinition {
	/** Lower-case, [a-z][a-z0-9-]*; the folder's name, and by custom the prefix of its actions. */
	readonly id: string;
	readonly title: string;
	readonly description: string;
	/** Closed set; at least one. */
	readonly capabilities: readonly PluginCapability[];
	/** Hosts that `context.fetch` may reach, exact (`example.org`) or `*` for "any, through the gate". Default none. */
	readonly hosts?: readonly string[];
	/** Names of secrets in the vault, each bound to one of `hosts`. */
	readonly secrets?: readonly { readonly name: string; readonly host: string; readonly required: boolean }[];
	/** Host services it needs; where one is absent its actions are unavailable, with the reason. */
	readonly needs?: readonly HostService[];
	readonly actions: readonly Action[];
	/** How one of its rows reads to a person, for before-and-after views; default its JSON. Pure. */
	readonly describeRow?: (key: string, value: Json) => string;
	/** Text to read on demand (a SKILL.md). */
	readonly guides?: readonly { readonly id: string; readonly title: string; readonly text: string }[];
	/** JSON Schema of the plugin's settings. */
	readonly settings?: JsonObject;
}
export type PluginCapability =
	'tools' | 'mcp' | 'cloudflare-api' | 'connectors' | 'models' | 'artifacts' | 'admin';
export type HostService = 'sessions' | 'catalog' | 'health' | 'relay';

export interface Action {
	/** `clock` or `memory_remember`: [a-z][a-z0-9_]{0,63}, unique. */
	readonly id: string;
	readonly title: string;
	/** What the model reads. */
	readonly description: string;
	/** JSON Schema, type object, `additionalProperties: false`. */
	readonly input: JsonObject;
	/** What it may do; empty = pure. */
	readonly effects: readonly Effect[];
	readonly replay: Replay;
	/** Hosts or addresses that these arguments would reach; shown, and judged by the gate. */
	readonly destinations?: (input: JsonObject) => readonly string[];
	/** Destinations that need no asking. */
	readonly knownDestinations?: readonly string[];
	/** For `checkable`: did the effect with this key happen? */
	readonly probe?: (key: string, context: ActionContext) => Promise<'done' | 'not-done' | 'unknown'>;
	/** What undoing needs. `capture` runs before `run`, its answer is stored with the result. Never on irreversible actions. */
	readonly undo?: {
		readonly label: string;
		readonly capture: (input: JsonObject, context: ActionContext) => Promise<Json>;
		readonly apply: (captured: Json, output: Json, context: ActionContext) => Promise<void>;
	};
	/** What these arguments would change, for the card of a held call, before anybody has allowed it: reads the plugin's own rows and changes nothing. */
	readonly preview?: (input: JsonObject, context: PreviewContext) => Promise<ChangePreview>;
	/** Default 30,000 ms. */
	readonly timeoutMs?: number;
	/** Calls a minute; default 60. */
	readonly rateLimit?: number;
	/** One line for the transcript; default: the first argument. */
	readonly gist?: (input: JsonObject) => string;
	/** What rehearsal understands, e.g. `remember that {text}`: `{name}` fills the argument `name`. */
	readonly phrases?: readonly string[];
	/** What a result says to a person, in plain text; where absent the output is shown as it is. */
	readonly say?: (output: Json, input: JsonObject) => string;
	/** False: people can run it by name, models are not told of it. Default true. */
	readonly isOffered?: boolean;
	/** Labels of what it returns; default own, not private. */
	readonly output?: { readonly integrity?: 'own' | 'untrusted'; readonly private?: boolean };
	readonly run: (input: JsonObject, context: ActionContext) => Promise<Json>;
}

export interface ActionContext {
	readonly signal: AbortSignal;
	/** Stable across recovery; send it as Idempotency-Key. */
	readonly idempotencyKey: string;
	/** Milliseconds since 1970, journalled: the same on replay. */
	readonly now: number;
	/** IANA name, e.g. `Europe/Berlin`. */
	readonly timeZone: string;
	readonly locale: string;
	/** A new id (UUIDv7). */
	readonly newId: () => string;
	/** Resolves after `ms`; rejects when the call is stopped. */
	readonly sleep: (ms: number) => Promise<void>;
	/** Reaches only the plugin's declared hosts. Throws AppError `fetch/…`. */
	readonly fetch: (request: Request) => Promise<Response>;
	/** Like `fetch`, with the named secret put into `header` (default Authorization: Bearer). The key itself never gets here. */
	readonly signedFetch: (secret: string, request: Request, header?: string) => Promise<Response>;
	readonly storage: PluginStorage;
	readonly host: HostServices;
	readonly progress: (text: string, fraction?: number) => void;
	/** Marks the result as coming from here (taints it). */
	readonly addSource: (source: string) => void;
}

/** All that a preview gets: no network, no secrets, no way to write. */
export interface PreviewContext extends Pick<ActionContext, 'signal' | 'now' | 'timeZone' | 'locale'> {
	readonly storage: Pick<PluginStorage, 'get' | 'list' | 'scan'>;
}
/** The same text as it is and as it would be, compared line by line. */
export interface ChangePreview {
	readonly before: string;
	readonly after: string;
}

/**
 * The plugin's own rows. Writes are held back and committed in the same commit as the
 * call's result: either both are there or neither. Reads see the call's own writes.
 */
export interface PluginStorage {
	get(key: string): Promise<Json | undefined>;
	list(prefix?: string, limit?: number): Promise<readonly { readonly key: string; readonly value: Json }[]>;
	/** Like `list`, to look through rows: their labels do not reach the result. `get` what you use. */
	scan(prefix?: string, limit?: number): Promise<readonly { readonly key: string; readonly value: Json }[]>;
	put(key: string, value: Json): void;
	delete(key: string): void;
}

export interface HostServices {
	readonly sessions?: {
		list(query: { limit: number; text?: string }): Promise<Json>;
		search(query: { text: string; limit: number }): Promise<Json>;
		read(query: { sessionId: string; limit: number }): Promise<Json>;
	};
	readonly catalog?: {
		/** Every action: id, title, description, plugin, state (`on`, `off`, `unavailable`), reason. */
		list(): Promise<readonly CatalogLine[]>;
	};
	readonly health?: { check(): Promise<Json> };
	/** Fetches a public page through the guarded relay; throws AppError `fetch/…`. */
	readonly relay?: { fetchPage(url: string, signal: AbortSignal): Promise<RelayedPage> };
}
export interface CatalogLine {
	readonly action: string;
	readonly title: string;
	readonly description: string;
	readonly plugin: string;
	readonly state: 'on' | 'off' | 'unavailable';
	readonly reason?: string;
}
export interface RelayedPage {
	readonly url: string;
	readonly status: number;
	readonly contentType: string;
	readonly text: string;
}

/** Gives the definition back; exists for its types. The catalog validates. */
export function definePlugin(definition: PluginDefinition): PluginDefinition {
	return definition;
}
