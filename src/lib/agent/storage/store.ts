/**
 * The store port: ordered key-value tables with atomic commits. Small enough for IndexedDB,
 * a Durable Object's SQLite, Node's SQLite and memory; `tests/contract/store.ts` says exactly
 * what an adapter must do. No interactive transactions: IndexedDB commits by itself, a
 * Durable Object's are synchronous.
 */

/**
 * Tables only ever get added. A row is a plain object with a `v` (its schema version).
 * Keys are printable ASCII, compared by code unit; parts are joined with `/`.
 */
export const tables = [
	/** `epoch` {v, epoch} · `schema` {v, write, readMin} · `device` {v, deviceId} · `lam` … */
	'meta',
	/** `{sessionId}` → SessionRecord (registers only, no content). */
	'sessions',
	/** `{sessionId}/{entryId}` → Entry: the live tail, one record each. */
	'entries',
	/** `{sessionId}/{firstOrd, 10 digits}` → Segment: up to 100 settled entries packed. */
	'segments',
	/** `{turnId}` → TurnRecord. */
	'turns',
	/** `{turnId}/{ord, 6 digits}` → StepRecord, append-only, hash-chained. */
	'steps',
	/** `{effectKey}` → EffectRecord, the outbox. */
	'effects',
	/** `{turnId}/{chunkNo, 6 digits}` → partial model output, deleted with T2. */
	'streams',
	/** `{approvalId}` → ApprovalRecord. */
	'approvals',
	/** `{effectKey}` → UndoRecord. */
	'undo',
	/** `{sha256 hex}` → BlobRecord {v, bytes: Uint8Array, mediaType, size}. */
	'blobs',
	/** `{sessionId}` → {v, text, files}: unsent composer text. */
	'drafts',
	/** `{sessionId}/{n, 10 digits}` → a queued message. */
	'queue',
	/** `{pluginId}/{key}` → a plugin's own storage. */
	'plugins',
	/** `{secretId}` → SecretRecord (encrypted) · `kek/device` → the non-extractable CryptoKey. */
	'vault',
	/** `{name}` → a setting. */
	'settings',
	/** `{ruleId}` → a policy rule. */
	'rules',
	/** `{time 15 digits}/{id}` → one line of the audit log: no content, no key. */
	'audit',
	/** `{segment}` → a packed piece of the search index. */
	'search',
	/** `{fiberId}` and `{fiberId}/{step}` → durable jobs outside a conversation. */
	'fibers',
	/** `q/{lam}/{opId}` → an operation that the home's room does not have yet · `s/{devSeq}` → a sealed envelope. */
	'ops'
] as const;
export type Table = (typeof tables)[number];

/** What is stored: structured-cloneable data; Uint8Array and CryptoKey only in `blobs`, `search` and `vault`. */
export type Row = object;

export interface StoreWrite {
	readonly table: Table;
	readonly key: string;
	readonly row: Row;
}
export interface StoreDelete {
	readonly table: Table;
	readonly key: string;
}
/** A condition for the commit: the row is absent, or one of its top-level fields has this value. */
export type Expectation =
	| { readonly table: Table; readonly key: string; readonly absent: true }
	| {
			readonly table: Table;
			readonly key: string;
			readonly field: string;
			readonly is: string | number | boolean;
	  };

export interface Commit {
	/** The writer's epoch. The commit is refused (`storage/stale-epoch`) unless `meta/epoch` still has it; a missing row counts as epoch 0. */
	readonly epoch: number;
	readonly expect?: readonly Expectation[];
	readonly put?: readonly StoreWrite[];
	/** Deletes happen before puts. Deleting what is not there is fine. */
	readonly delete?: readonly StoreDelete[];
}

export interface RangeQuery {
	/** Keys that start with this. `''` for the whole table. */
	readonly prefix?: string;
	/** Inclusive lower and exclusive upper bound, instead of `prefix`. */
	readonly from?: string;
	readonly to?: string;
	readonly limit?: number;
	/** Descending by key. */
	readonly reverse?: boolean;
}
export interface StoredRow {
	readonly key: string;
	readonly row: unknown;
}

export interface Store {
	get(table: Table, key: string): Promise<unknown>;
	/** One transaction; answers in the order of the keys, `undefined` where there is none. */
	getMany(table: Table, keys: readonly string[]): Promise<unknown[]>;
	/** Ascending by key unless `reverse`. */
	range(table: Table, query: RangeQuery): Promise<StoredRow[]>;
	/**
	 * Atomic and durable when it resolves (strict durability where the platform has it).
	 * Throws AppError `storage/stale-epoch`, `storage/conflict` (an expectation does not hold),
	 * `storage/quota-exceeded`, `storage/gone`, `storage/failed`; then nothing was written.
	 */
	commit(commit: Commit): Promise<void>;
	close(): void;
}

/** Pads a number so that keys sort by it. */
export function ordKey(ord: number, digits = 6): string {
	return String(ord).padStart(digits, '0');
}
