/**
 * Backups that make themselves, by the tab that leads: within a minute or so after a turn has ended, at most
 * hourly, and only of what has changed. A turn that is under way always goes first.
 */

import { sessionsSince } from '../backup/backup-rows';
import { isPermitted, readFolder, readKey, readState } from '../backup/backup-state';
import { backUp } from '../backup/run-backup';
import { backupPorts } from './backup';
import type { Host } from './host';

const lookEveryMs = 60_000;
const everyMs = 60 * 60_000;
const quietMs = 2000;
const pageMs = 5;

/** Runs until another tab leads. */
export async function keepBackups(host: Host): Promise<void> {
	const { clock } = host.ports;
	const mine = host.epoch();
	let busyAt = -Infinity;
	const end = host.bus.subscribe((message) => {
		if (message.kind === 'loop') busyAt = clock.now();
	});
	const pause = async (): Promise<void> => {
		do await clock.sleep(clock.now() - busyAt < quietMs ? quietMs : pageMs);
		while (clock.now() - busyAt < quietMs && host.epoch() === mine);
	};
	try {
		while (host.epoch() === mine) {
			await pause();
			if (await isBackupDue(host)) {
				// Why it failed stands in Settings; the next one is tried in an hour.
				await backUp(backupPorts(host, pause)).catch(() => undefined);
				host.bus.publish({ kind: 'changed', what: 'settings' });
			}
			await clock.sleep(lookEveryMs);
		}
	} finally {
		end();
	}
}

/** Whether a place that can be written to without a person lacks something. */
export async function isBackupDue({ store, ports }: Pick<Host, 'store' | 'ports'>): Promise<boolean> {
	if ((await readKey(store)) === undefined) return false;
	const [state, folder] = await Promise.all([readState(store), readFolder(store)]);
	if (state.triedAt > ports.clock.now() - everyMs) return false;
	const places = [
		...(folder !== undefined && (await isPermitted(folder)) ? [state.folder] : []),
		...(state.isRelayOn ? [state.relay] : [])
	];
	for (const { at } of places) if ((await sessionsSince(store, at)) > 0) return true;
	return false;
}
