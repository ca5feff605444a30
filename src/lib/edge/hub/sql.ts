/** As much of a Durable Object's `ctx.storage.sql` as we use; tests put another SQLite behind it. */

export interface SqlStorage {
	exec(
		query: string,
		...bindings: (string | number | null | Uint8Array<ArrayBuffer>)[]
	): Iterable<Record<string, string | number | null | ArrayBuffer>>;
}
