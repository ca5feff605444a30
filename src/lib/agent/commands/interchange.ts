/** Sessions out of the store as a file, and files into the store as sessions. */

import type { CommandOutput } from '../../wire/commands';
import type { Entry } from '../../wire/entries';
import { keepBlobs } from '../storage/keep-blobs';
import type { StoreWrite } from '../storage/store';
import type { LoadedSession } from '../sessions/loaded';
import { packEntries } from '../sessions/segments';
import { truncateTitle } from '../sessions/titles';
import type { ExportedBlob, ExportedSession } from '../sessions/interchange/export-jsonl';
import type { Host } from './host';

const listPage = 200;
const writesPerCommit = 200;

export async function exportFile(
	host: Host,
	what: { readonly sessionId: string | null; readonly format: 'jsonl' | 'html' }
): Promise<CommandOutput<'session.export'>> {
	const now = host.ports.clock.now();
	const day = new Date(now).toISOString().slice(0, 10);
	if (what.sessionId === null) {
		const { exportAllJsonl } = await import('../sessions/interchange/export-jsonl');
		return {
			name: `wherry-${day}.jsonl`,
			mediaType: 'application/x-ndjson',
			text: await exportAllJsonl(allSessions(host), now)
		};
	}
	const loaded = await host.repository.load(what.sessionId);
	const session = await exported(host, loaded);
	const name = fileName(loaded.facts.title) || 'session';
	if (what.format === 'html') {
		const { exportSessionHtml } = await import('../sessions/interchange/export-html');
		return { name: `${name}-${day}.html`, mediaType: 'text/html', text: exportSessionHtml(session, now) };
	}
	const { exportSessionJsonl } = await import('../sessions/interchange/export-jsonl');
	return {
		name: `${name}-${day}.jsonl`,
		mediaType: 'application/x-ndjson',
		text: exportSessionJsonl(session, now)
	};
}

function fileName(title: string): string {
	return truncateTitle(title)
		.toLowerCase()
		.replace(/[^\p{L}\p{N}]+/gu, '-')
		.replace(/^-+|-+$/g, '')
		.slice(0, 60);
}

async function exported(host: Host, loaded: LoadedSession): Promise<ExportedSession> {
	const entries = [...loaded.entries.values()];
	return { record: loaded.record, entries, blobs: await blobsOf(host, entries) };
}

/** The files that entries refer to, as far as this device has them. */
export async function blobsOf(host: Host, entries: readonly Entry[]): Promise<ExportedBlob[]> {
	const hashes = new Set(
		entries.flatMap((entry) => entry.parts.flatMap((part) => (part.type === 'file' ? [part.blob] : [])))
	);
	const blobs: ExportedBlob[] = [];
	for (const sha256 of hashes) {
		const row = await host.store.get('blobs', sha256);
		if (typeof row !== 'object' || row === null || !('bytes' in row) || !(row.bytes instanceof Uint8Array))
			continue;
		const mediaType =
			'mediaType' in row && typeof row.mediaType === 'string' ? row.mediaType : 'application/octet-stream';
		blobs.push({ sha256, mediaType, bytes: row.bytes });
	}
	return blobs;
}

async function* allSessions(host: Host): AsyncGenerator<ExportedSession> {
	for (const archived of [false, true]) {
		let before: string | undefined;
		do {
			const page = await host.repository.list({
				archived,
				limit: listPage,
				...(before === undefined ? {} : { before })
			});
			for (const row of page.rows) yield exported(host, await host.repository.load(row.id));
			before = page.next ?? undefined;
		} while (before !== undefined);
	}
}

/** Each session is there whole or not at all: its record is written last. */
export async function importSessions(
	host: Host,
	file: { readonly name: string; readonly text: string }
): Promise<CommandOutput<'sessions.import'>> {
	const { importFile } = await import('../sessions/interchange/import-file');
	const { sessions, skipped } = await importFile(file, {
		...host.ports,
		device: host.device,
		lam: host.lamport.next()
	});
	const made: { id: string; title: string }[] = [];
	for (const { record, entries, blobs } of sessions) {
		const packed = packEntries({
			sessionId: record.id,
			firstOrd: 0,
			entries: entries.map((entry) => ({ id: entry.id, row: entry })),
			all: true
		});
		const writes: StoreWrite[] = [
			...blobs.map((blob) => ({
				table: 'blobs' as const,
				key: blob.sha256,
				row: { v: 1, bytes: new Uint8Array(blob.bytes), mediaType: blob.mediaType, size: blob.bytes.length }
			})),
			...packed.put
		];
		for (let start = 0; start < writes.length; start += writesPerCommit) {
			const put = writes.slice(start, start + writesPerCommit);
			const stored = put.flatMap(({ table, key }) => (table === 'blobs' ? [key] : []));
			await host.store.commit({ epoch: host.epoch(), put, delete: keepBlobs(stored) });
		}
		for (const entry of entries) host.lamport.observe(entry.lam);
		await host.store.commit({
			epoch: host.epoch(),
			put: [{ table: 'sessions', key: record.id, row: record }, host.lamport.write()]
		});
		await host.search.indexEntries(entries);
		made.push({ id: record.id, title: host.repository.facts(record).title });
	}
	host.bus.publish({ kind: 'sessions' });
	return { sessions: made, skipped };
}
