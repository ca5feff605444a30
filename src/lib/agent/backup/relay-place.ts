/** Backups at the relay that this page came from: sent, listed and read with tokens that follow from the key. */

import {
	backupPrefix,
	keepHeader,
	keptBackups,
	readHashHeader,
	type KeptBackups
} from '../../wire/backup-api';
import { AppError, isErrorId } from '../../wire/errors';
import { isJsonObject } from '../../wire/json';
import { tokenHash } from '../../wire/share-keys';
import type { NetworkPort } from '../ports';
import { failed, notThere } from './backup-errors';
import { relayPlace, type BackupKey } from './backup-key';

export interface RelayPorts {
	readonly origin: string | undefined;
	readonly fetch: NetworkPort;
}

/** @param keep one there that stays whatever its age */
export async function sendToRelay(
	ports: RelayPorts,
	key: BackupKey,
	sealed: Blob,
	keep?: number
): Promise<KeptBackups> {
	const { id, readToken, writeToken } = await relayPlace(key);
	const response = await ask(ports, id, writeToken, {
		method: 'PUT',
		body: sealed,
		headers: {
			'content-type': 'application/octet-stream',
			[readHashHeader]: await tokenHash(readToken),
			...(keep === undefined ? {} : { [keepHeader]: String(keep) })
		}
	});
	return keptOf(response);
}

/** @param at null: the newest one. Throws `backup/unreadable` where there is none. */
export async function readFromRelay(
	ports: RelayPorts,
	key: BackupKey,
	at: number | null
): Promise<{ readonly at: number; readonly kept: KeptBackups; readonly blob: Blob }> {
	const { id, readToken } = await relayPlace(key);
	const kept = await keptOf(await ask(ports, id, readToken, {}));
	const found = at === null ? kept[0] : kept.find((one) => one.at === at);
	if (found === undefined) throw notThere();
	const response = await ask(ports, `${id}/${found.at}`, readToken, {});
	return { at: found.at, kept, blob: await response.blob() };
}

async function keptOf(response: Response): Promise<KeptBackups> {
	const body: unknown = await response.json().catch(() => undefined);
	const kept = keptBackups.safeParse(isJsonObject(body) ? body['data'] : undefined);
	if (!kept.success) throw unreachable();
	return kept.data;
}

async function ask(
	{ origin, fetch }: RelayPorts,
	path: string,
	token: string,
	init: RequestInit
): Promise<Response> {
	if (origin === undefined) throw failed('There is no relay here.');
	let response: Response;
	try {
		response = await fetch(origin + backupPrefix + path, {
			...init,
			cache: 'no-store',
			headers: { ...init.headers, 'x-wherry': '1', authorization: `Bearer ${token}` }
		});
	} catch (thrown) {
		throw unreachable(thrown);
	}
	if (response.ok) return response;
	const body: unknown = await response.json().catch(() => undefined);
	const error = isJsonObject(body) ? body['error'] : undefined;
	if (!isJsonObject(error) || !isErrorId(error['id'])) throw unreachable();
	if (error['id'] === 'backup/unreadable') throw notThere();
	throw new AppError(error['id'], { message: String(error['message']) });
}

const unreachable = (cause?: unknown): AppError =>
	new AppError('backup/failed', {
		message: 'The relay could not be asked.',
		...(cause === undefined ? {} : { cause })
	});
