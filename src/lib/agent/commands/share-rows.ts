/** A person's own links as this device keeps them, what of a session a link holds, and how the relay is asked. */

import * as z from 'zod/mini';
import { fromBase64Url } from '../../wire/base64';
import type { Entry } from '../../wire/entries';
import { AppError, isErrorId } from '../../wire/errors';
import { isJsonObject } from '../../wire/json';
import type { OwnShare, SharedReading, ShareKind, ShareOptions } from '../../wire/share';
import type { ShareSecret } from '../../wire/share-keys';
import { parseShareLink } from '../../wire/share-link';
import type { LoadedSession } from '../sessions/loaded';
import { readingOf } from '../sharing/reading';
import { lookIntoFiles, type SharedBlob } from '../sharing/look-into';
import { createMask } from '../sharing/mask';
import { createOwnSecrets, type OwnSecrets } from '../sharing/own-secrets';
import { redact } from '../sharing/redact';
import { readSecrets } from '../vault/read-secrets';
import type { Host } from './host';
import { blobsOf } from './interchange';

/** A setting for each: so that two devices that share at the same time lose neither. */
export const rowPrefix = 'share/';
/** How far each participant has been heard. */
export const heardKey = (shareId: string): string => `heard/${shareId}`;
const liveSchema = z.object({
	/** Whoever made it publishes it. */
	device: z.string(),
	sessionId: z.string(),
	entryId: z.string(),
	options: z.object({
		calls: z.enum(['full', 'names']),
		reasoning: z.boolean(),
		files: z.boolean(),
		unread: z.exactOptional(z.boolean())
	}),
	ownerSeed: z.string(),
	/** What the passphrase came to; the passphrase itself is kept nowhere. */
	stretched: z.exactOptional(z.string()),
	mayAsk: z.boolean(),
	isFull: z.exactOptional(z.boolean())
});
export type LiveRow = z.infer<typeof liveSchema>;
const rowSchema = z.object({
	title: z.string(),
	link: z.string(),
	ownerToken: z.string(),
	createdAt: z.number(),
	expiresAt: z.number(),
	hasPassphrase: z.boolean(),
	live: z.exactOptional(liveSchema)
});
export type ShareRow = z.infer<typeof rowSchema>;
const settingSchema = z.object({ value: rowSchema });

export async function readRows(host: Host): Promise<readonly { shareId: string; row: ShareRow }[]> {
	const rows = await host.store.range('settings', { prefix: rowPrefix });
	return rows.flatMap(({ key, row }) => {
		const parsed = settingSchema.safeParse(row);
		return parsed.success ? [{ shareId: key.slice(rowPrefix.length), row: parsed.data.value }] : [];
	});
}

export async function readRow(host: Host, shareId: string): Promise<ShareRow | undefined> {
	const parsed = settingSchema.safeParse(await host.store.get('settings', rowPrefix + shareId));
	return parsed.success ? parsed.data.value : undefined;
}

export function kindOf({ link, live }: ShareRow): ShareKind {
	if (live === undefined) return 'snapshot';
	return parseShareLink(link)?.writeSeed === undefined ? 'live' : 'collaborative';
}

/** That its conversation has outgrown a live share, or fits it again, for the list. */
export async function setFull(host: Host, shareId: string, isFull: boolean): Promise<void> {
	const row = await readRow(host, shareId);
	if (row?.live === undefined || (row.live.isFull === true) === isFull) return;
	await host.settings.set(rowPrefix + shareId, { ...row, live: { ...row.live, isFull } });
	host.bus.publish({ kind: 'changed', what: 'settings' });
}

/** What a row's keys are made from; undefined where it was damaged. */
export function secretOfRow({ link, live }: ShareRow): ShareSecret | undefined {
	const parsed = parseShareLink(link);
	if (parsed === undefined) return undefined;
	const { shareId, secret } = parsed;
	if (live?.stretched === undefined) return parsed.salt === undefined ? { shareId, secret } : undefined;
	const stretched = fromBase64Url(live.stretched);
	return stretched && { shareId, secret, stretched };
}

export function ownShare(shareId: string, row: ShareRow, more: Partial<OwnShare>): OwnShare {
	const { title, link, createdAt, expiresAt, hasPassphrase, live } = row;
	const followed = live === undefined ? {} : { sessionId: live.sessionId, isFull: live.isFull === true };
	const kind = kindOf(row);
	return { shareId, title, link, createdAt, expiresAt, hasPassphrase, kind, ...followed, ...more };
}

export interface SharedBranch {
	readonly title: string;
	readonly entries: readonly Entry[];
	readonly blobs: readonly SharedBlob[];
	readonly reading: SharedReading;
	readonly masked: number;
	/** Covered in it, and to be in what follows. */
	readonly own: OwnSecrets;
}

/** A branch as it leaves: redacted, with the files that go along, and as its readers see it. */
export async function sharedBranch(
	host: Host,
	loaded: LoadedSession,
	branch: readonly Entry[],
	{ options, open }: { readonly options: ShareOptions; readonly open?: 'held' | 'running' }
): Promise<SharedBranch> {
	const own = createOwnSecrets((await readSecrets(host)).map(({ key }) => key));
	const mask = createMask(own);
	const messages = branch.filter(({ kind }) => options.files && kind === 'user');
	const files = lookIntoFiles(await blobsOf(host, messages), options, mask);
	const { title, entries, masked } = redact(loaded.facts.title, branch, options, { mask, files });
	// Two that were different may be one now.
	const blobs = [...new Map([...files.values()].map((file) => [file.sha256, file])).values()];
	const reading = readingOf({ title, entries, blobs, ...(open === undefined ? {} : { open }) });
	return { title, entries, blobs, reading, masked, own };
}

/** From the root to the entry, and the results of its own calls; of a live share as far as the conversation has got. */
export function branchFor(loaded: LoadedSession, entryId: string, kind: ShareKind): readonly Entry[] {
	if (loaded.entry(entryId) === undefined) return [];
	if (kind !== 'snapshot') return followedBranch(loaded, entryId) ?? [];
	const through = loaded.branch(loaded.tree.newestLeaf(entryId));
	let end = through.findIndex((entry) => entry.id === entryId) + 1;
	while (through[end]?.kind === 'result') end++;
	return through.slice(0, end);
}

/** Undefined while the person is on a branch that does not hold what they shared. */
export function followedBranch(loaded: LoadedSession, entryId: string): readonly Entry[] | undefined {
	const { head } = loaded.facts;
	return head !== null && loaded.tree.isAncestor(entryId, head) ? loaded.branch(head) : undefined;
}

/** `data` of the relay's envelope; its error by id. */
export async function askRelay(host: Host, address: string, init: RequestInit): Promise<unknown> {
	let response: Response;
	try {
		response = await host.ports.fetch(address, init);
	} catch (thrown) {
		throw new AppError('share/unavailable', { cause: thrown });
	}
	const body: unknown = await response.json().catch(() => undefined);
	if (isJsonObject(body) && body['ok'] === true) return body['data'];
	const error = isJsonObject(body) ? body['error'] : undefined;
	if (!isJsonObject(error) || !isErrorId(error['id'])) throw new AppError('share/unavailable');
	// What of it concerns links only the relay can say.
	throw new AppError(error['id'], { message: String(error['message']) });
}

export function asOwner(method: 'GET' | 'DELETE', token: string): RequestInit {
	return { method, headers: { authorization: `Bearer ${token}` }, cache: 'no-store' };
}

/** Also where it is gone already: then it is forgotten here. */
export async function revokeShare(host: Host, shareId: string): Promise<null> {
	const row = await readRow(host, shareId);
	if (row === undefined) throw new AppError('share/not-found');
	const { link, ownerToken } = row;
	try {
		const address = `${new URL(link).origin}/api/shares/${shareId}`;
		await askRelay(host, address, asOwner('DELETE', ownerToken));
	} catch (thrown) {
		if (!(thrown instanceof AppError) || thrown.id !== 'share/not-found') throw thrown;
	}
	await host.settings.set(rowPrefix + shareId, null);
	if (row.live !== undefined) await host.settings.set(heardKey(shareId), null);
	host.bus.publish({ kind: 'changed', what: 'settings' });
	return null;
}
