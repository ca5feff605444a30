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
import { tokenHash } from '../wire/share-keys';
import { counterName } from './counter-name';
import { mayCall, readCaller, type Caller } from './caller';
import { fail, succeed } from './envelope';
import type { EdgeEnv } from './env';
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
			const { counter, size } = await whoKeeps(request, env, { url, caller });
			const read = readHash.safeParse(request.headers.get(readHashHeader));
			const keep = request.headers.get(keepHeader);
			if (!read.success || request.body === null || (keep !== null && !keepPattern.test(keep)))
				throw new AppError('input/invalid', { data: { code: 'bad-backup' } });
			const put = await box.fetch(`https://backup/put?counter=${counter}&size=${size}`, {
				method: 'PUT',
				headers: {
					...headers,
					[readHashHeader]: read.data,
					...(keep === null ? {} : { [keepHeader]: keep })
				},
				body: request.body
			});
			if (put.status === 413) throw tooLarge();
			if (put.status === 402) throw new AppError('relay/limit-reached');
			if (put.status === 507) throw full();
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
}

/** Room is the owner's: a device of this relay that may keep things there, so much a day and in all; on one's own machine, oneself. */
async function whoKeeps(
	request: Request,
	env: EdgeEnv,
	{ url, caller }: Asking
): Promise<{ readonly counter: string; readonly size: number }> {
	// Unsaid, it counts as the most that it can be.
	const size = Number(request.headers.get('content-length') ?? backupLimits.bytes);
	if (size > backupLimits.bytes) throw tooLarge();
	const door = await openDoor(env, { request, url, caller }, () => ({ need: 'share', bucket: 'share' }));
	if (door.kind === 'open' && caller.isLoopback) return { counter: '', size };
	if (door.kind !== 'member') {
		throw new AppError('relay/not-authorized', {
			message: 'This relay keeps backups for its own devices: claim it, or have this device admitted.'
		});
	}
	return { counter: await counterName(env, `home ${door.member.home}`), size };
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
const full = (): AppError =>
	new AppError('backup/failed', {
		message: 'This relay keeps no more backups for you (2 GB): back up to a folder.',
		retryable: false
	});
