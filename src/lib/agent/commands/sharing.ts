/** Sharing: what a visitor would see, links that are made, listed and revoked, and links of others as sessions. */

import * as z from 'zod/mini';
import type { CommandInput, CommandOutput } from '../../wire/commands';
import { toBase64Url } from '../../wire/base64';
import type { Entry } from '../../wire/entries';
import { AppError, isErrorId } from '../../wire/errors';
import { isJsonObject } from '../../wire/json';
import { shareLimits } from '../../wire/share';
import type { OwnShare, ShareOptions } from '../../wire/share';
import { shareHeader, shareState, type NewShare } from '../../wire/share-api';
import { deriveShareKeys, tokenHash } from '../../wire/share-keys';
import { formatShareLink, parseShareLink } from '../../wire/share-link';
import { sealSnapshot } from '../../wire/share-seal';
import type { LoadedSession } from '../sessions/loaded';
import { openShare } from '../sharing/open-share';
import { readShared } from '../sharing/read-shared';
import { readingOf } from '../sharing/reading';
import { redact } from '../sharing/redact';
import { snapshotText } from '../sharing/snapshot';
import type { Host } from './host';
import { blobsOf, importSessions } from './interchange';

/** A setting for each: so that two devices that share at the same time lose neither. */
const rowPrefix = 'share/';
const rowSchema = z.object({
	title: z.string(),
	link: z.string(),
	ownerToken: z.string(),
	createdAt: z.number(),
	expiresAt: z.number(),
	hasPassphrase: z.boolean()
});
type ShareRow = z.infer<typeof rowSchema>;
const settingSchema = z.object({ value: rowSchema });
const dayMs = 24 * 60 * 60 * 1000;

export async function previewShare(
	host: Host,
	input: CommandInput<'share.preview'>
): Promise<CommandOutput<'share.preview'>> {
	const { text, masked, bytes } = await snapshotOf(host, input);
	// Read back from what would be sealed, by what reads it there.
	const reading = readShared(text);
	if (reading === undefined) throw new AppError('internal/unexpected');
	return { reading, masked, bytes: bytes.length };
}

export async function createShare(
	host: Host,
	input: CommandInput<'share.create'>
): Promise<CommandOutput<'share.create'>> {
	const origin = host.relayOrigin;
	if (origin === undefined) throw new AppError('share/unavailable');
	const { title, bytes } = await snapshotOf(host, input);
	if (bytes.length > shareLimits.bytes) throw new AppError('share/too-large');
	const random = (length: number) => host.ports.random.bytes(length);
	const shareId = toBase64Url(random(16));
	const secret = random(32);
	const salt = input.passphrase === '' ? undefined : random(16);
	const stretched =
		salt === undefined
			? undefined
			: await (await import('../sharing/passphrase')).stretch(input.passphrase, salt);
	const keys = await deriveShareKeys({ shareId, secret, ...(stretched === undefined ? {} : { stretched }) });
	const ownerToken = toBase64Url(random(32));
	const now = host.ports.clock.now();
	const row: ShareRow = {
		title,
		link: formatShareLink({ origin, shareId, secret, ...(salt === undefined ? {} : { salt }) }),
		ownerToken,
		createdAt: now,
		expiresAt: now + input.days * dayMs,
		hasPassphrase: salt !== undefined
	};
	const asked: NewShare = {
		shareId,
		readHash: await tokenHash(keys.readToken),
		ownerHash: await tokenHash(ownerToken),
		days: input.days
	};
	const sealed = await sealSnapshot({ title: title.slice(0, 200), bytes }, { shareId, keys }, random);
	// Kept first: a link that exists can always be revoked.
	await host.settings.set(rowPrefix + shareId, row);
	try {
		await ask(host, `${origin}/api/shares`, {
			method: 'POST',
			headers: {
				'x-wherry': '1',
				'content-type': 'application/octet-stream',
				[shareHeader]: JSON.stringify(asked)
			},
			body: sealed
		});
	} catch (thrown) {
		// The answer may be all that was lost.
		await ask(host, `${origin}/api/shares/${shareId}`, owned('DELETE', ownerToken)).catch(() => undefined);
		await host.settings.set(rowPrefix + shareId, null);
		throw thrown;
	}
	host.bus.publish({ kind: 'changed', what: 'settings' });
	return ownShare(shareId, row, { opens: 0 });
}

/** Newest first, with what the relay says of each. */
export async function listShares(host: Host): Promise<CommandOutput<'share.list'>> {
	const rows = await host.store.range('settings', { prefix: rowPrefix });
	const shares = await Promise.all(
		rows.flatMap(({ key, row }) => {
			const parsed = settingSchema.safeParse(row);
			return parsed.success ? [asRelaySays(host, key.slice(rowPrefix.length), parsed.data.value)] : [];
		})
	);
	return shares.sort((a, b) => b.createdAt - a.createdAt);
}

async function asRelaySays(host: Host, shareId: string, row: ShareRow): Promise<OwnShare> {
	try {
		const address = `${new URL(row.link).origin}/api/shares/${shareId}/state`;
		const { opens } = shareState.parse(await ask(host, address, owned('GET', row.ownerToken)));
		return ownShare(shareId, row, { opens });
	} catch (thrown) {
		const isGone = thrown instanceof AppError && thrown.id === 'share/not-found';
		return ownShare(shareId, row, isGone ? { isGone } : {});
	}
}

/** Also where it is gone already: then it is forgotten here. */
export async function revokeShare(host: Host, shareId: string): Promise<null> {
	const parsed = settingSchema.safeParse(await host.store.get('settings', rowPrefix + shareId));
	if (!parsed.success) throw new AppError('share/not-found');
	const { link, ownerToken } = parsed.data.value;
	try {
		await ask(host, `${new URL(link).origin}/api/shares/${shareId}`, owned('DELETE', ownerToken));
	} catch (thrown) {
		if (!(thrown instanceof AppError) || thrown.id !== 'share/not-found') throw thrown;
	}
	await host.settings.set(rowPrefix + shareId, null);
	host.bus.publish({ kind: 'changed', what: 'settings' });
	return null;
}

export async function importShare(
	host: Host,
	{ link, passphrase }: CommandInput<'share.import'>
): Promise<CommandOutput<'share.import'>> {
	const parsed = parseShareLink(link);
	if (parsed === undefined)
		throw new AppError('share/not-found', { message: 'This is no whole share link.' });
	const { text } = await openShare(parsed, passphrase, host.ports.fetch);
	const { sessions } = await importSessions(host, { name: 'share', text });
	const [session] = sessions;
	if (session === undefined) throw new AppError('share/damaged');
	return { sessionId: session.id, title: session.title, models: readShared(text)?.models ?? [] };
}

async function snapshotOf(
	host: Host,
	{ sessionId, entryId, options }: { sessionId: string; entryId: string; options: ShareOptions }
): Promise<{ title: string; text: string; bytes: Uint8Array<ArrayBuffer>; masked: number }> {
	const loaded = await host.repository.load(sessionId);
	if (loaded.record.temporary) {
		const message = 'A temporary session leaves no trace, so it cannot be shared.';
		throw new AppError('input/invalid', { message });
	}
	const branch = branchUpTo(loaded, entryId);
	if (branch.length === 0) throw new AppError('entry/not-found');
	const { title, entries, masked } = redact(loaded.facts.title, branch, options);
	const blobs = options.files ? await blobsOf(host, entries) : [];
	const reading = readingOf({ title, entries, blobs });
	const text = snapshotText({ title, entries, blobs, reading, now: host.ports.clock.now() });
	return { title, text, bytes: new TextEncoder().encode(text), masked };
}

/** From the root to the entry, and the results of its own calls. */
function branchUpTo(loaded: LoadedSession, entryId: string): readonly Entry[] {
	if (loaded.entry(entryId) === undefined) return [];
	const through = loaded.branch(loaded.tree.newestLeaf(entryId));
	let end = through.findIndex((entry) => entry.id === entryId) + 1;
	while (through[end]?.kind === 'result') end++;
	return through.slice(0, end);
}

function ownShare(shareId: string, row: ShareRow, more: Partial<OwnShare>): OwnShare {
	const { title, link, createdAt, expiresAt, hasPassphrase } = row;
	return { shareId, title, link, createdAt, expiresAt, hasPassphrase, ...more };
}

function owned(method: 'GET' | 'DELETE', token: string): RequestInit {
	return { method, headers: { authorization: `Bearer ${token}` }, cache: 'no-store' };
}

/** `data` of the relay's envelope; its error by id. */
async function ask(host: Host, address: string, init: RequestInit): Promise<unknown> {
	let response: Response;
	try {
		response = await host.ports.fetch(address, init);
	} catch (thrown) {
		throw new AppError('share/unavailable', { cause: thrown });
	}
	const body: unknown = await response.json().catch(() => undefined);
	if (isJsonObject(body) && body['ok'] === true) return body['data'];
	const error = isJsonObject(body) && isJsonObject(body['error']) ? body['error']['id'] : undefined;
	throw new AppError(isErrorId(error) ? error : 'share/unavailable');
}
