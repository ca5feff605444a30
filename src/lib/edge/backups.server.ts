/**
 * `/api/backups`: sealed bytes in, for a device that this relay has admitted (or somebody at its machine); out
 * again for whoever has the reader's token, as a device that lost everything is nobody's yet. Whatever is not
 * to be had is one answer.
 */

import { AppError } from '../wire/errors';
import {
	backupIdPattern,
	backupLimits,
	keepHeader,
	keepPattern,
	readHash,
	readHashHeader
} from '../wire/backup-api';
import { toBase64Url } from '../wire/base64';
import { utf8 } from '../wire/bytes';
import { sha256, tokenHash } from '../wire/share-keys';
import { mayCall, readCaller, type Caller } from './caller';
import { fail, succeed } from './envelope';
import type { EdgeEnv, ObjectNamespace } from './env';
import { openDoor } from './home/door';
import { checkRate } from './rate-limit';

export interface BackupAsked {
	readonly id: string;
	/** Of one backup. */
	readonly at?: string;
}

export async function backups(request: Request, env: EdgeEnv, { id, at }: BackupAsked): Promise<Response> {
	const url = new URL(request.url);
	const caller = readCaller(request, url, env);
	try {
		const isOwn = caller.origin === 'absent' || caller.origin === 'same';
		if (!isOwn || !mayCall(request, caller) || request.headers.get('x-wherry') !== '1')
			throw new AppError('relay/origin-not-allowed');
		if (env.BACKUPS === undefined)
			throw new AppError('backup/failed', { message: 'This relay keeps no backups.', retryable: false });
		const [, token = ''] =
			/^Bearer ([\x21-\x7e]{32,200})$/.exec(request.headers.get('authorization') ?? '') ?? [];
		if (!backupIdPattern.test(id) || token === '') throw notThere();
		const box = env.BACKUPS.getByName(id);
		const headers = { 'x-token-hash': await tokenHash(token) };
		if (request.method === 'PUT') {
			await checkMayKeep(request, env, { url, caller, boxes: env.BACKUPS });
			const read = readHash.safeParse(request.headers.get(readHashHeader));
			const keep = request.headers.get(keepHeader);
			if (!read.success || request.body === null || (keep !== null && !keepPattern.test(keep)))
				throw new AppError('input/invalid', { data: { code: 'bad-backup' } });
			const put = await box.fetch('https://backup/put', {
				method: 'PUT',
				headers: {
					...headers,
					[readHashHeader]: read.data,
					...(keep === null ? {} : { [keepHeader]: keep })
				},
				body: request.body
			});
			if (put.status === 413) throw tooLarge();
			if (put.status === 429) throw new AppError('relay/rate-limited');
			if (put.status !== 200) throw notThere();
			return succeed(await put.json(), caller.requestId);
		}
		const limited = await checkRate(env, caller);
		if (limited !== undefined) throw limited;
		if (request.method === 'DELETE') {
			if ((await box.fetch('https://backup/forget', { headers })).status !== 204) throw notThere();
			return succeed(null, caller.requestId);
		}
		if (at === undefined) {
			const list = await box.fetch('https://backup/list', { headers });
			if (list.status !== 200) throw notThere();
			return succeed(await list.json(), caller.requestId);
		}
		const answer = await box.fetch(`https://backup/read?at=${encodeURIComponent(at)}`, { headers });
		if (answer.status !== 200) throw notThere();
		return new Response(answer.body, {
			headers: {
				'content-type': 'application/octet-stream',
				'content-length': answer.headers.get('x-size') ?? '0',
				'cache-control': 'no-store',
				'x-request-id': caller.requestId
			}
		});
	} catch (thrown) {
		if (!(thrown instanceof AppError)) throw thrown;
		return fail(thrown, caller.requestId);
	}
}

interface Asking {
	readonly url: URL;
	readonly caller: Caller;
	readonly boxes: ObjectNamespace;
}

/** Room is the owner's: a device of theirs, so much a day; on one's own machine, oneself. */
async function checkMayKeep(request: Request, env: EdgeEnv, { url, caller, boxes }: Asking): Promise<void> {
	// Unsaid, it counts as the most that it can be.
	const size = Number(request.headers.get('content-length') ?? backupLimits.bytes);
	if (size > backupLimits.bytes) throw tooLarge();
	const door = await openDoor(env, { request, url, caller }, () => ({ need: null, bucket: 'share' }));
	if (door.kind === 'open' && caller.isLoopback) return;
	if (door.kind !== 'member') {
		throw new AppError('relay/not-authorized', {
			message: 'This relay keeps backups for its own devices: claim it, or have this device admitted.'
		});
	}
	// Nothing says which backups a home has; only how much it sent today.
	const counter = `of:${toBase64Url(await sha256(utf8(door.member.home)))}`;
	const spent = await boxes.getByName(counter).fetch(`https://backup/spend?bytes=${size}`);
	if (spent.status === 429) throw new AppError('relay/limit-reached');
}

const notThere = (): AppError =>
	new AppError('backup/unreadable', {
		message: 'There is no backup here for this key.',
		data: { code: 'not-there' }
	});
const tooLarge = (): AppError =>
	new AppError('backup/failed', {
		message: 'This is more than the relay keeps (64 MB): back up to a folder.',
		retryable: false
	});
