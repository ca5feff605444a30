/** The list of sessions and what it is filtered by. Rows carry no content. */

import type { SearchHit } from '../../wire/commands';
import type { SessionRow } from '../../wire/view';
import { app } from './app.svelte';

const pageSize = 60;

class SessionList {
	text = $state('');
	archived = $state(false);
	folder = $state('');
	rows = $state.raw<readonly SessionRow[]>([]);
	hits = $state.raw<readonly SearchHit[]>([]);
	folders = $state.raw<readonly string[]>([]);
	next = $state<string | null>(null);
	badRows = $state(0);
	isLoaded = $state(false);
	#timer: ReturnType<typeof setTimeout> | undefined;
	#asked = 0;

	refreshSoon(): void {
		clearTimeout(this.#timer);
		this.#timer = setTimeout(() => void this.refresh(), this.isLoaded ? 120 : 0);
	}

	async refresh(): Promise<void> {
		const asked = ++this.#asked;
		const text = this.text.trim();
		const [list, hits] = await Promise.all([
			app.call('sessions.list', this.#question()),
			text.length < 2 ? undefined : app.call('sessions.search', { text, limit: 20 })
		]);
		if (asked !== this.#asked) return;
		if (list.ok) {
			this.rows = distinct(list.data.rows);
			this.next = list.data.next;
			this.badRows = list.data.badRows;
			this.isLoaded = true;
			const names = list.data.rows.map((row) => row.folder).filter((name) => name !== '');
			this.folders = [...new Set([...this.folders, ...names])].sort();
		}
		this.hits = hits?.ok ? hits.data : [];
	}

	async more(): Promise<void> {
		if (this.next === null) return;
		const result = await app.call('sessions.list', { ...this.#question(), before: this.next });
		if (!result.ok) return;
		this.rows = distinct([...this.rows, ...result.data.rows]);
		this.next = result.data.next;
	}

	#question() {
		const text = this.text.trim();
		return {
			limit: pageSize,
			archived: this.archived,
			...(text === '' ? {} : { text }),
			...(this.folder === '' ? {} : { folder: this.folder })
		};
	}
}

/** A list that is being changed while it is paged may say a row twice. */
function distinct(rows: readonly SessionRow[]): readonly SessionRow[] {
	return [...new Map(rows.map((row) => [row.id, row])).values()];
}

export const sessionList = new SessionList();
