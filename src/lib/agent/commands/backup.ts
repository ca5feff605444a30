/** What a page asks of backups. All of it is a chunk of its own, as few do so twice. */

import type {
	BackupAnswer,
	BackupAsk,
	BackupChange,
	BackupDone,
	BackupSource,
	BackupView
} from '../../wire/backup';
import { sessionsSince } from '../backup/backup-rows';
import { newKdf, openBackupKey } from '../backup/backup-key';
import {
	folderRow,
	isPermitted,
	keyRow,
	keyWrite,
	noBackups,
	readFolder,
	readKey,
	readState,
	stateKey,
	stateWrite
} from '../backup/backup-state';
import { lookInto, restoreFrom } from '../backup/make-backup';
import { readFromRelay } from '../backup/relay-place';
import { createRestore } from '../backup/restore-rows';
import { backUp, backupProgress, makeFile, type BackupPorts } from '../backup/run-backup';
import { syncState } from '../backup/sync-state';
import { failed } from '../backup/backup-errors';
import { createRecoveryCode } from '../home/recovery-code';
import { readOpenTurns } from '../journal/read-records';
import { readSecrets } from '../vault/read-secrets';
import type { Host } from './host';

export async function askBackup(host: Host, ask: BackupAsk): Promise<BackupAnswer> {
	switch (ask.what) {
		case 'view':
			return { view: await viewOf(host) };
		case 'code':
			return { code: createRecoveryCode() };
		case 'look':
			return look(host, ask.from, ask.secret);
	}
}

async function look(host: Host, from: BackupSource, secret: string): Promise<BackupAnswer> {
	const { blob, ...relay } = await sourceOf(host, from, secret);
	return { contents: await lookInto(blob, secret, await readKey(host.store)), ...relay };
}

async function viewOf(host: Host): Promise<BackupView> {
	const { store } = host;
	const [key, state, folder] = await Promise.all([readKey(store), readState(store), readFolder(store)]);
	return {
		kind: key?.kdf.kind ?? null,
		folder:
			folder === undefined
				? null
				: {
						...state.folder,
						name: folder.name,
						needsPermission: !(await isPermitted(folder)),
						handle: folder
					},
		relay: state.isRelayOn ? state.relay : null,
		at: state.at,
		size: state.size,
		sessions: state.sessions,
		fuller: state.fuller ?? null,
		changedSince: await sessionsSince(store, state.at),
		sync: await syncState(host),
		progress: backupProgress(),
		withKeys: state.withKeys
	};
}

export async function changeBackup(host: Host, change: BackupChange): Promise<BackupDone> {
	const { store, epoch } = host;
	const from = backupPorts(host, () => host.ports.clock.sleep(0));
	switch (change.what) {
		case 'setUp': {
			const kdf = newKdf(change.kind, (length) => host.ports.random.bytes(length));
			const key = await openBackupKey(change.secret, kdf);
			await store.commit({ epoch: epoch(), put: [keyWrite(key), stateWrite(noBackups)] });
			break;
		}
		case 'folder': {
			const { handle } = change;
			const row = { table: 'vault', key: folderRow } as const;
			await store.commit(
				handle === null
					? { epoch: epoch(), delete: [row] }
					: { epoch: epoch(), put: [{ ...row, row: { v: 1, handle } }] }
			);
			break;
		}
		case 'relay':
		case 'withKeys': {
			const state = await readState(store);
			const name = change.what === 'relay' ? 'isRelayOn' : 'withKeys';
			await store.commit({ epoch: epoch(), put: [stateWrite({ ...state, [name]: change.isOn })] });
			break;
		}
		case 'fewer':
			await store.commit({
				epoch: epoch(),
				put: [stateWrite({ ...(await readState(store)), fuller: undefined })]
			});
			break;
		case 'now':
			await backUp(from).finally(() => changed(host));
			break;
		case 'download':
			return { file: await makeFile(from).finally(() => changed(host)) };
		case 'forget':
			await store.commit({
				epoch: epoch(),
				delete: [
					{ table: 'vault', key: keyRow },
					{ table: 'vault', key: folderRow },
					{ table: 'settings', key: stateKey }
				]
			});
			break;
		case 'restore': {
			const { blob } = await sourceOf(host, change.from, change.secret);
			return { restored: await restore(host, blob, change) };
		}
	}
	changed(host);
	return {};
}

function changed({ bus }: Host): void {
	bus.publish({ kind: 'changed', what: 'settings' });
}

export function backupPorts(host: Host, pause: () => Promise<void>): BackupPorts {
	const { store, epoch, device, ports, relayOrigin } = host;
	return { store, epoch, device, ports, relayOrigin, pause, secrets: () => readSecrets(host) };
}

async function sourceOf(
	host: Host,
	from: BackupSource,
	secret: string
): Promise<{ readonly blob: Blob } & Pick<BackupAnswer, 'relay'>> {
	if ('file' in from) return { blob: from.file };
	// With a code alone: what a passphrase guards would be open to guesses there.
	const key = await openBackupKey(secret, { kind: 'code' });
	const ports = { origin: host.relayOrigin, fetch: host.ports.fetch };
	const { blob, ...relay } = await readFromRelay(ports, key, from.relay);
	return { blob, relay };
}

async function restore(
	host: Host,
	file: Blob,
	{ secret, withPermissions = false }: { readonly secret: string; readonly withPermissions?: boolean }
): Promise<NonNullable<BackupDone['restored']>> {
	const { store, epoch, lamport, repository, search, bus } = host;
	// A turn writes what it holds in memory: it must not be older than what is here.
	if ((await readOpenTurns(store)).some(({ state }) => state === 'running'))
		throw failed('A turn is under way: restore when it has ended.');
	const take = createRestore({
		store,
		epoch,
		lamport,
		withPermissions,
		async written(commit, entries) {
			repository.applyCommit(commit);
			await search.indexEntries(entries);
		},
		merged: (record, entries) => bus.publish({ kind: 'applied', record, entries }),
		async secret(found) {
			// The one that is here may be newer.
			if (!host.vault.has(found.id)) await host.vault.save(found);
		}
	});
	const restored = await restoreFrom(file, secret, take).finally(async () => {
		await search.save().catch(() => undefined);
		await Promise.all([host.settings.reload(), host.policy.reload(), host.providers.reload()]);
		bus.publish({ kind: 'sessions' });
		for (const what of ['settings', 'providers', 'skills'] as const) bus.publish({ kind: 'changed', what });
	});
	return restored;
}
