/**
 * Search over the stored sessions: keeps the index up to date while turns run, saves it in
 * pieces, and makes it again when a piece is missing or damaged. It is a cache: nothing that
 * fails in here fails a turn.
 */

import type { SearchHit } from '../../../wire/commands';
import type { Entry } from '../../../wire/entries';
import { AppError } from '../../../wire/errors';
import { isJsonObject } from '../../../wire/json';
import type { Store } from '../../storage/store';
import { textOfEntry } from './entry-text';
import { parseQuery } from './query';
import { SavedPieces } from './saved-pieces';
import { createSearchIndex, holdsPhrases } from './search-index';
import type { Found, QueryOptions } from './search-index';
import { snippet } from './snippet';
import { storedTexts, textsOf } from './stored-entries';

export interface SearchOptions extends Pick<QueryOptions, 'sessionId' | 'before' | 'after'> {
	/** 1 to 50; default 10. */
	readonly limit?: number;
}

export interface SearchService {
	/** Reads the saved index, or makes it anew from the entries. Runs once; everything else waits for it. */
	load(): Promise<{ readonly entries: number; readonly isRebuilt: boolean }>;
	/** Call after their commit. Entries of temporary sessions do not belong here. Never rejects. */
	indexEntries(entries: Iterable<Entry>): Promise<void>;
	/** For entries that are purged for good; hidden sessions need nothing. */
	removeEntries(ids: Iterable<string>): Promise<void>;
	/** Best first, one hit an entry; sessions that are deleted or hidden are left out. */
	search(text: string, options?: SearchOptions): Promise<SearchHit[]>;
	/** Writes what changed since the last time. Call when idle. */
	save(): Promise<void>;
	/** Throws the index away and makes it again; answers how many entries it holds. */
	rebuild(): Promise<number>;
}

interface Services {
	readonly store: Store;
	/** The leader's epoch; a follower's writes are refused, and its index stays in memory. */
	readonly epoch: () => number;
}

const maximumFetch = 4000;

export function createSearchService({ store, epoch }: Services): SearchService {
	const saved = new SavedPieces(store);
	let index = createSearchIndex();
	let loading: Promise<{ entries: number; isRebuilt: boolean }> | undefined;
	let hasUnsaved = false;
	/** Sessions that are marked as changed since the last save. */
	let dirty = new Set<string>();

	/** Temporary sessions are in the store, too, as far as it can be seen from here: they leave no trace. */
	async function addAll(prefix: string, into = index): Promise<void> {
		const temporary = new Map<string, boolean>();
		for await (const text of storedTexts(store, prefix)) {
			const { sessionId } = text;
			let isTemporary = temporary.get(sessionId);
			if (isTemporary === undefined) {
				const row = await store.get('sessions', sessionId);
				temporary.set(sessionId, (isTemporary = isJsonObject(row) && row['temporary'] === true));
			}
			if (!isTemporary) into.add(text);
		}
	}

	async function rebuild(): Promise<number> {
		const fresh = createSearchIndex();
		const old = index;
		// What is committed meanwhile goes to the new one; a second time it is ignored.
		index = fresh;
		try {
			await addAll('', fresh);
		} catch (thrown) {
			index = old;
			throw thrown;
		}
		hasUnsaved = true;
		return index.size;
	}

	async function start(): Promise<{ entries: number; isRebuilt: boolean }> {
		const found = await saved.read().catch(() => null);
		if (found === null || !index.load(found.pieces)) return { entries: await rebuild(), isRebuilt: true };
		for (const sessionId of found.dirty) await addAll(`${sessionId}/`);
		dirty = new Set(found.dirty);
		hasUnsaved = found.dirty.length > 0;
		return { entries: index.size, isRebuilt: false };
	}

	function load(): Promise<{ entries: number; isRebuilt: boolean }> {
		loading ??= start().catch((thrown: unknown) => {
			loading = undefined;
			throw thrown;
		});
		return loading;
	}

	/** Another worker leads and has saved: what it saved holds all that is here, and more. */
	async function refresh(): Promise<void> {
		await load();
		if (!(await saved.isStale())) return;
		index = createSearchIndex();
		loading = undefined;
		await load();
	}

	/** Titles of the sessions that may be shown. */
	async function titlesOf(sessionIds: readonly string[]): Promise<Map<string, string>> {
		const titles = new Map<string, string>();
		const rows = await store.getMany('sessions', sessionIds);
		for (const [i, id] of sessionIds.entries()) {
			const row = rows[i];
			if (!isJsonObject(row) || row['temporary'] === true) continue;
			const registers = isJsonObject(row['registers']) ? row['registers'] : {};
			const valueOf = (name: string): unknown => {
				const register = registers[name];
				return isJsonObject(register) ? register['value'] : undefined;
			};
			const title = valueOf('title');
			if (valueOf('hidden') !== true) titles.set(id, typeof title === 'string' ? title : '');
		}
		return titles;
	}

	async function shown(found: readonly Found[], text: string, limit: number): Promise<SearchHit[]> {
		const titles = await titlesOf([...new Set(found.map((hit) => hit.sessionId))]);
		const open = found.filter((hit) => titles.has(hit.sessionId));
		const query = parseQuery(text);
		const hits: SearchHit[] = [];
		for (let from = 0; from < open.length && hits.length < limit; from += limit) {
			const some = open.slice(from, from + limit);
			const texts = await textsOf(store, some);
			for (const [i, { id, sessionId, at }] of some.entries()) {
				const whole = texts[i];
				if (whole === undefined || (query.phrases.length > 0 && !holdsPhrases(whole, query))) continue;
				hits.push({
					sessionId,
					entryId: id,
					title: titles.get(sessionId) ?? '',
					at,
					...snippet(whole, text)
				});
			}
		}
		return hits.slice(0, limit);
	}

	return {
		load,
		rebuild,
		async indexEntries(entries) {
			try {
				const texts = [...entries].map((entry) => textOfEntry(entry)).filter((text) => text !== undefined);
				await load();
				const isNew = texts.map((text) => index.add(text));
				if (!isNew.includes(true)) return;
				hasUnsaved = true;
				const sessions = [...new Set(texts.map((text) => text.sessionId))].filter((id) => !dirty.has(id));
				if (sessions.length === 0) return;
				for (const id of sessions) dirty.add(id);
				await saved.markDirty(sessions, epoch());
			} catch {
				// A follower, a full disk: the index is made again when it has to be.
			}
		},
		async removeEntries(ids) {
			await load();
			for (const id of ids) if (index.remove(id)) hasUnsaved = true;
		},
		async search(text, options = {}) {
			await refresh();
			const limit = Math.min(50, Math.max(1, Math.floor(options.limit ?? 10)));
			for (let fetched = limit * 3; ; fetched *= 4) {
				const found = index.query(text, { ...options, limit: fetched });
				const hits = await shown(found, text, limit);
				if (hits.length >= limit || found.length < fetched || fetched >= maximumFetch) return hits;
			}
		},
		async save() {
			await load();
			if (!hasUnsaved) return;
			try {
				await saved.write(() => {
					hasUnsaved = false;
					dirty = new Set();
					return index.serialize();
				}, epoch());
			} catch (thrown) {
				hasUnsaved = true;
				if (thrown instanceof AppError && thrown.id === 'storage/conflict') await refresh();
				else throw thrown;
			}
		}
	};
}
