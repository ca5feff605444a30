/** Behind a link: derives its keys, fetches the sealed bytes with the reader's token, and opens them. */

import { toBase64Url } from '../../wire/base64';
import { AppError } from '../../wire/errors';
import { shareLimits } from '../../wire/share';
import { deriveShareKeys, sha256, type ShareKeys, type ShareSecret } from '../../wire/share-keys';
import type { ShareLink } from '../../wire/share-link';
import { openSnapshot } from '../../wire/share-seal';
import type { NetworkPort } from '../ports';

export interface OpenedShare {
	readonly title: string;
	/** JSON Lines, as an export. */
	readonly text: string;
	/** SHA-256 of the sealed bytes: a live share's owner signs it. */
	readonly hash: string;
}

/** Throws `share/not-found`, `share/damaged` or `share/unavailable`. */
export async function openShare(
	link: ShareLink,
	passphrase: string,
	send: NetworkPort
): Promise<OpenedShare> {
	return openWith(link, await deriveShareKeys(await secretOf(link, passphrase)), send);
}

export async function secretOf(
	{ shareId, secret, salt }: ShareLink,
	passphrase: string
): Promise<ShareSecret> {
	if (salt === undefined) return { shareId, secret };
	const { stretch } = await import('./passphrase');
	return { shareId, secret, stretched: await stretch(passphrase, salt) };
}

export async function openWith(
	{ origin, shareId }: ShareLink,
	keys: ShareKeys,
	send: NetworkPort
): Promise<OpenedShare> {
	const sealed = await fetchSealed(`${origin}/api/shares/${shareId}`, keys.readToken, send);
	const opened = await openSnapshot(sealed, { shareId, keys });
	if (opened === undefined) throw new AppError('share/damaged');
	const hash = toBase64Url(await sha256(sealed));
	return { title: opened.title, text: new TextDecoder().decode(opened.bytes), hash };
}

async function fetchSealed(
	address: string,
	token: string,
	send: NetworkPort
): Promise<Uint8Array<ArrayBuffer>> {
	let response: Response;
	try {
		response = await send(address, {
			headers: { authorization: `Bearer ${token}` },
			cache: 'no-store',
			credentials: 'omit',
			redirect: 'error',
			referrerPolicy: 'no-referrer'
		});
	} catch (thrown) {
		throw new AppError('share/unavailable', { cause: thrown });
	}
	if (response.status === 404) throw new AppError('share/not-found');
	if (!response.ok) throw new AppError('share/unavailable');
	if (Number(response.headers.get('content-length') ?? 0) > shareLimits.bytes)
		throw new AppError('share/too-large');
	return new Uint8Array(await response.arrayBuffer());
}
