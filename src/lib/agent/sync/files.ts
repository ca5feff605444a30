/**
 * Files that entries speak of. Their bytes are told once, ahead of the entry, in as many parts as it takes; the
 * room keeps them past a snapshot, which holds none. A device that finds some missing notes it (row `m/{hash}` of
 * `ops`) and asks (`home/missing-files.ts`). What arrives is taken only where it has the hash that it is known by.
 */

import * as z from 'zod/mini';
import { fromBase64Url, toBase64Url } from '../../wire/device';
import type { Entry } from '../../wire/entries';
import type { AnyOperation } from '../../wire/operations';
import { sha256Bytes } from '../policy/hashes';
import { isRecord } from '../sessions/upcast';
import { keepBlobs } from '../storage/keep-blobs';
import type { Store, StoreDelete, StoreWrite } from '../storage/store';

export const fileType = 'blob.put';
export const fileWantedType = 'blob.want';

const hash = z.string().check(z.regex(/^[0-9a-f]{64}$/));
const fileBody = z.object({ hash, mediaType: z.string().check(z.maxLength(200)), data: z.string() });
const wantedBody = z.object({ hash });

const toldRow = (blob: string): string => `b/${blob}`;

/** A file that an entry here speaks of, and that is not here. */
export interface MissingFile {
	readonly blob: string;
	/** The room was asked for what it keeps. */
	readonly isSearched: boolean;
	/** When the other devices were. */
	readonly askedAt?: number;
}

const missingPrefix = 'm/';

export function missingRow({ blob, isSearched, askedAt }: MissingFile): StoreWrite {
	const row = { v: 1, isSearched, ...(askedAt === undefined ? {} : { askedAt }) };
	return { table: 'ops', key: missingPrefix + blob, row };
}

export async function readMissing(store: Store): Promise<readonly MissingFile[]> {
	return (await store.range('ops', { prefix: missingPrefix })).map(({ key, row }) => {
		const { isSearched, askedAt } = isRecord(row) ? row : {};
		const asked = typeof askedAt === 'number' ? { askedAt } : {};
		return { blob: key.slice(missingPrefix.length), isSearched: isSearched === true, ...asked };
	});
}

/** Of what tells a file. */
export function fileHash(op: AnyOperation): string | undefined {
	return op.type === fileType ? fileBody.safeParse(op.body).data?.hash : undefined;
}

/** Files that a stored entry speaks of, by hash. */
export function filesOf(row: unknown): readonly string[] {
	if (!isRecord(row) || !Array.isArray(row.parts)) return [];
	return row.parts.flatMap((part: unknown) =>
		isRecord(part) && part.type === 'file' && hash.safeParse(part.blob).success ? [String(part.blob)] : []
	);
}

/** Those that are here and were never told, each with the row that notes it. */
export async function untoldFiles(
	store: Store,
	blobs: Iterable<string>
): Promise<readonly { readonly blob: string; readonly note: StoreWrite }[]> {
	const found = [];
	for (const blob of new Set(blobs)) {
		if ((await store.get('ops', toldRow(blob))) !== undefined) continue;
		if ((await store.get('blobs', blob)) === undefined) continue;
		found.push({ blob, note: { table: 'ops' as const, key: toldRow(blob), row: { v: 1 } } });
	}
	return found;
}

/** Undefined where it is not here any more. */
export async function fileContent(store: Store, blob: string): Promise<AnyOperation['body'] | undefined> {
	const row = await store.get('blobs', blob);
	if (!isRecord(row) || !(row.bytes instanceof Uint8Array)) return undefined;
	const mediaType = typeof row.mediaType === 'string' ? row.mediaType : 'application/octet-stream';
	return { hash: blob, mediaType, data: toBase64Url(new Uint8Array(row.bytes)) };
}

export interface FileNews {
	readonly put: readonly StoreWrite[];
	readonly delete: readonly StoreDelete[];
	/** Others ask for them. */
	readonly wanted: readonly string[];
	/** Are here with this commit. */
	readonly stored: ReadonlySet<string>;
}

/** Takes what is about files out of `opaque`. */
export function readFiles(opaque: Map<string, AnyOperation>, dev: string): FileNews {
	const put: StoreWrite[] = [];
	const stored: string[] = [];
	const wanted = new Set<string>();
	for (const op of [...opaque.values()]) {
		if (op.type !== fileType && op.type !== fileWantedType) continue;
		opaque.delete(op.opId);
		if (op.dev === dev) continue;
		const asked = op.type === fileWantedType ? wantedBody.safeParse(op.body) : undefined;
		if (asked?.success === true) wanted.add(asked.data.hash);
		const file = op.type === fileType ? fileBody.safeParse(op.body) : undefined;
		const bytes = file?.success === true ? fromBase64Url(file.data.data) : undefined;
		if (file?.success !== true || bytes === undefined || sha256Bytes(bytes) !== file.data.hash) continue;
		const { hash: blob, mediaType } = file.data;
		put.push({ table: 'blobs', key: blob, row: { v: 1, bytes, mediaType, size: bytes.byteLength } });
		put.push({ table: 'ops', key: toldRow(blob), row: { v: 1 } });
		stored.push(blob);
	}
	const found = stored.map((blob) => ({ table: 'ops' as const, key: missingPrefix + blob }));
	return { put, delete: [...keepBlobs(stored), ...found], wanted: [...wanted], stored: new Set(stored) };
}

/** Files of these entries that are neither here nor `coming`, and were not missed before. */
export async function missingFiles(
	store: Store,
	entries: readonly Entry[],
	coming: ReadonlySet<string>
): Promise<readonly string[]> {
	const missing: string[] = [];
	for (const blob of new Set(entries.flatMap(filesOf))) {
		if (coming.has(blob) || (await store.get('blobs', blob)) !== undefined) continue;
		if ((await store.get('ops', missingPrefix + blob)) === undefined) missing.push(blob);
	}
	return missing;
}
