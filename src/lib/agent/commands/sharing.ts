/** Sharing: what a visitor would see, links that are made, listed and revoked, and links of others as sessions. */

import type { CommandInput, CommandOutput } from '../../wire/commands';
import { toBase64Url } from '../../wire/base64';
import { AppError } from '../../wire/errors';
import { shareLimits } from '../../wire/share';
import type { OwnShare, ShareKind, ShareOptions } from '../../wire/share';
import { shareHeader, shareState, type NewShare } from '../../wire/share-api';
import { deriveLiveKeys, sealFrame } from '../../wire/share-frames';
import { deriveShareKeys, sha256, tokenHash, type ShareSecret } from '../../wire/share-keys';
import { formatShareLink, parseShareLink } from '../../wire/share-link';
import { sealSnapshot } from '../../wire/share-seal';
import { ownedShareId, shareSigner, writeSigner, type ShareSigner } from '../../wire/share-sign';
import { openShare } from '../sharing/open-share';
import { readShared } from '../sharing/read-shared';
import { snapshotText } from '../sharing/snapshot';
import type { Host } from './host';
import { importSessions } from './interchange';
import { liveSetting } from './live-shares';
import {
	asOwner,
	askRelay,
	branchFor,
	ownShare,
	readRows,
	rowPrefix,
	sharedBranch,
	type ShareRow
} from './share-rows';

export { revokeShare } from './share-rows';

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
	const live = input.kind === 'snapshot' ? undefined : await newOwner(random, input.kind);
	const shareId = live?.shareId ?? toBase64Url(random(16));
	const salt = input.passphrase === '' ? undefined : random(16);
	const stretched =
		salt === undefined
			? undefined
			: await (await import('../sharing/passphrase')).stretch(input.passphrase, salt);
	const secret: ShareSecret = {
		shareId,
		secret: random(32),
		...(stretched === undefined ? {} : { stretched })
	};
	const keys = await deriveShareKeys(secret);
	const ownerToken = toBase64Url(random(32));
	const now = host.ports.clock.now();
	const kept = {
		device: host.device.id,
		sessionId: input.sessionId,
		entryId: input.entryId,
		options: input.options,
		...(stretched === undefined ? {} : { stretched: toBase64Url(stretched) }),
		mayAsk: input.kind === 'collaborative' && input.mayAsk
	};
	const row: ShareRow = {
		title,
		link: formatShareLink({
			origin,
			shareId,
			secret: secret.secret,
			...(live === undefined ? {} : { isLive: true, ...live.inLink }),
			...(salt === undefined ? {} : { salt })
		}),
		ownerToken,
		createdAt: now,
		expiresAt: now + input.days * dayMs,
		hasPassphrase: salt !== undefined,
		...(live === undefined ? {} : { live: { ...kept, ownerSeed: toBase64Url(live.ownerSeed) } })
	};
	const sealed = await sealSnapshot({ title: title.slice(0, 200), bytes }, { shareId, keys }, random);
	const asked: NewShare = {
		shareId,
		readHash: await tokenHash(keys.readToken),
		ownerHash: await tokenHash(ownerToken),
		days: input.days,
		...(live === undefined ? {} : { live: await firstFrame(live, secret, sealed, random) })
	};
	// Kept first: a link that exists can always be revoked.
	await host.settings.set(rowPrefix + shareId, row);
	try {
		await askRelay(host, `${origin}/api/shares`, {
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
		const address = `${origin}/api/shares/${shareId}`;
		await askRelay(host, address, asOwner('DELETE', ownerToken)).catch(() => undefined);
		await host.settings.set(rowPrefix + shareId, null);
		throw thrown;
	}
	if (live !== undefined) await host.settings.set(liveSetting, true);
	host.bus.publish({ kind: 'changed', what: 'settings' });
	return ownShare(shareId, row, { opens: 0 });
}

interface NewOwner {
	readonly shareId: string;
	readonly ownerSeed: Uint8Array<ArrayBuffer>;
	readonly signer: ShareSigner;
	readonly inLink: { readonly writeSeed?: Uint8Array<ArrayBuffer> };
	readonly writeKey?: string;
}

/** A live share is named by the key that signs it; a collaborative one has a key for its writers besides. */
async function newOwner(
	random: (length: number) => Uint8Array<ArrayBuffer>,
	kind: ShareKind
): Promise<NewOwner> {
	const ownerSeed = random(32);
	const signer = await shareSigner(ownerSeed);
	const owner = { shareId: await ownedShareId(signer.publicKey), ownerSeed, signer };
	if (kind !== 'collaborative') return { ...owner, inLink: {} };
	const writeSeed = random(32);
	return { ...owner, inLink: { writeSeed }, writeKey: (await writeSigner(writeSeed)).publicKey };
}

async function firstFrame(
	{ shareId, signer, writeKey }: NewOwner,
	secret: ShareSecret,
	sealed: Uint8Array<ArrayBuffer>,
	random: (length: number) => Uint8Array<ArrayBuffer>
): Promise<NonNullable<NewShare['live']>> {
	const { frames: key } = await deriveLiveKeys(secret);
	const content = { t: 'base', hash: toBase64Url(await sha256(sealed)), same: false };
	const { body, sig } = await sealFrame(content, { seq: 0, prev: '' }, { shareId, signer, random, key });
	return {
		ownerKey: signer.publicKey,
		...(writeKey === undefined ? {} : { writeKey }),
		frame: { seq: 0, prev: '', body, sig }
	};
}

/** Newest first, with what the relay says of each. */
export async function listShares(host: Host): Promise<CommandOutput<'share.list'>> {
	const rows = await readRows(host);
	const shares = await Promise.all(rows.map(({ shareId, row }) => asRelaySays(host, shareId, row)));
	return shares.sort((a, b) => b.createdAt - a.createdAt);
}

async function asRelaySays(host: Host, shareId: string, row: ShareRow): Promise<OwnShare> {
	try {
		const address = `${new URL(row.link).origin}/api/shares/${shareId}/state`;
		const { opens, readers } = shareState.parse(
			await askRelay(host, address, asOwner('GET', row.ownerToken))
		);
		return ownShare(shareId, row, { opens, ...(readers === undefined ? {} : { readers }) });
	} catch (thrown) {
		const isGone = thrown instanceof AppError && thrown.id === 'share/not-found';
		return ownShare(shareId, row, isGone ? { isGone } : {});
	}
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
	{
		sessionId,
		entryId,
		kind,
		options
	}: { sessionId: string; entryId: string; kind: ShareKind; options: ShareOptions }
): Promise<{ title: string; text: string; bytes: Uint8Array<ArrayBuffer>; masked: number }> {
	const loaded = await host.repository.load(sessionId);
	if (loaded.record.temporary) {
		const message = 'A temporary session leaves no trace, so it cannot be shared.';
		throw new AppError('input/invalid', { message });
	}
	const branch = branchFor(loaded, entryId, kind);
	if (branch.length === 0) throw new AppError('entry/not-found');
	const shared = await sharedBranch(host, loaded, branch, { options });
	const text = snapshotText({ ...shared, now: host.ports.clock.now() });
	return { title: shared.title, text, bytes: new TextEncoder().encode(text), masked: shared.masked };
}
