/** What a page asks of backups. All of it is a chunk of its own, as few do so twice. */

import type {
	BackupAnswer,
	BackupAsk,
	BackupChange,
	BackupDone,
	BackupSource,
	BackupView
} from '../../wire/backup';
import { sessionsSince, type BackedUpSecret } from '../backup/backup-rows';
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
import { readSecret } from '../vault/records';
import type { Host } from './host';

export async function askBackup(host: Host, ask: BackupAsk): Promise<BackupAnswer> {
	switch (ask.what) {
		case 'view':
			return { view: await viewOf(host) };
		case 'code':
			return { code: createRecoveryCode() };
		case 'look':
			return { contents: await lookInto(await fileOf(host, ask.from, ask.secret), ask.secret) };
	}
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
		case 'restore':
			return { restored: await restore(host, await fileOf(host, change.from, change.secret), change.secret) };
	}
	changed(host);
	return {};
}

function changed({ bus }: Host): void {
	bus.publish({ kind: 'changed', what: 'settings' });
}

export function backupPorts(host: Host, pause: () => Promise<void>): BackupPorts {
	const { store, epoch, device, ports, relayOrigin } = host;
	return { store, epoch, device, ports, relayOrigin, pause, secrets: () => secretsOf(host) };
}

/** Sealed with the rest; only where the person said so. */
async function secretsOf({ store, vault }: Host): Promise<readonly BackedUpSecret[]> {
	const secrets: BackedUpSecret[] = [];
	for (const { key: id, row } of await store.range('vault', {})) {
		const facts = readSecret(row)?.facts;
		if (facts?.id !== id) continue;
		const place = (_: Headers, key: string): void => {
			secrets.push({ id, origin: facts.origin, kind: facts.kind, key });
		};
		// One that does not open here any more is none elsewhere either.
		await vault
			.signHeaders({ secretId: id, url: `${facts.origin}/`, headers: new Headers(), place })
			.catch(() => undefined);
	}
	return secrets;
}

async function fileOf(host: Host, from: BackupSource, secret: string): Promise<Blob> {
	if (from !== 'relay') return from.file;
	// With a code alone: what a passphrase guards would be open to guesses there.
	const key = await openBackupKey(secret, { kind: 'code' });
	return readFromRelay({ origin: host.relayOrigin, fetch: host.ports.fetch }, key);
}

async function restore(host: Host, file: Blob, secret: string): Promise<NonNullable<BackupDone['restored']>> {
	const { store, epoch, lamport, repository, search, bus } = host;
	// A turn writes what it holds in memory: it must not be older than what is here.
	if ((await readOpenTurns(store)).some(({ state }) => state === 'running'))
		throw failed('A turn is under way: restore when it has ended.');
	const take = createRestore({
		store,
		epoch,
		lamport,
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
