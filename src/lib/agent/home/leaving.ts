/**
 * Recovery codes that are to go and may not be gone yet: one that was used, was replaced, or never got its note. A row
 * of `meta` each, until the log says that it is out; whatever ends meanwhile, the next start goes on.
 */

import { isRecord } from '../sessions/upcast';
import type { Store, StoreDelete, StoreWrite } from '../storage/store';
import { revoke } from './devices';
import type { HomeLife } from './home-life';
import type { MeetingPlace } from './pairing';

const prefix = 'home-leaving/';

/** @param note where it lies, if it is known here: who has the code finds nothing there afterwards. */
export function leavingWrite(kid: string, note?: string): StoreWrite {
	const row = { v: 1, ...(note === undefined ? {} : { note }) };
	return { table: 'meta', key: prefix + kid, row };
}

async function leaving(base: Store) {
	return (await base.range('meta', { prefix })).map(({ key, row }) => ({
		kid: key.slice(prefix.length),
		note: isRecord(row) && typeof row.note === 'string' ? row.note : undefined
	}));
}

/** Looks whenever something of the home is otherwise. Answers with what ends it. */
export function seeOut(life: HomeLife, meetings: () => MeetingPlace): () => void {
	const { host, base } = life.parts;
	let last = Promise.resolve();

	async function look(): Promise<void> {
		const sync = life.sync();
		if (sync?.status().kind !== 'joined' || !sync.replica().isMember()) return;
		const gone: StoreDelete[] = [];
		for (const { kid, note } of await leaving(base)) {
			const replica = sync.replica();
			const found = replica.place().members[kid];
			if (found?.isRemoved === false) {
				if (!replica.isLeaving(kid) && revoke(replica, kid)) sync.send();
			} else if (found !== undefined || replica.isSettled()) {
				if (note !== undefined) await meetings().forget(note, 'recovery');
				gone.push({ table: 'meta', key: prefix + kid });
			}
		}
		if (gone.length > 0) await base.commit({ epoch: host.epoch(), delete: gone });
	}

	return host.bus.subscribe((message) => {
		if (message.kind !== 'changed' || message.what !== 'settings') return;
		// What fails is looked at again the next time.
		last = last.then(look).catch(() => undefined);
	});
}
