/** How lasting what is written here is: one honest judgement over what the browser, backups and sync say. Pure. */

import type { BackupView, PlaceState } from '../../wire/backup';

export interface DurabilityFacts {
	/** `navigator.storage.persisted()`: the browser does not clear it by itself. */
	readonly isPersisted: boolean;
	readonly backup: Pick<BackupView, 'kind' | 'at' | 'changedSince' | 'sync' | 'relay' | 'fuller'> & {
		readonly folder: (PlaceState & { readonly needsPermission: boolean }) | null;
	};
	readonly now: number;
}

export interface Durability {
	/**
	 * `synced`: other devices have it · `backed-up`: a copy is elsewhere · `only-here`: until somebody clears this
	 * site's data · `evictable`: until this browser does, by itself.
	 */
	readonly state: 'synced' | 'backed-up' | 'only-here' | 'evictable';
	readonly isBackedUp: boolean;
	/**
	 * What to do about it: `compare` with a backup that held far more, `permit` a folder again, `retry` a place
	 * that failed.
	 */
	readonly next: 'set-up' | 'back-up' | 'compare' | 'permit' | 'retry' | null;
}

const old = 30 * 24 * 60 * 60 * 1000;

export function judgeDurability({ isPersisted, backup, now }: DurabilityFacts): Durability {
	const isBackedUp = backup.at > 0;
	const alone = isPersisted ? 'only-here' : 'evictable';
	const state = backup.sync === 'current' ? 'synced' : isBackedUp ? 'backed-up' : alone;
	const isStale = backup.changedSince > 0 || now - backup.at > old;
	const problem = [backup.folder, backup.relay].some((place) => place !== null && place.problem !== '');
	const nextToDo = (): Durability['next'] => {
		if (backup.fuller !== null) return 'compare';
		if (backup.folder?.needsPermission === true) return 'permit';
		if (problem) return 'retry';
		if (backup.sync === 'current') return null;
		if (backup.kind === null) return 'set-up';
		return isStale ? 'back-up' : null;
	};
	return { state, isBackedUp, next: nextToDo() };
}
