/**
 * The Durable Object around the backups of one key, named by its address; and around a home's count of bytes,
 * named by `of:` and a hash. It turns requests of our own edge into calls of the pure parts beside it.
 */

import { DurableObject } from 'cloudflare:workers';
import { backupLimits, keepHeader, readHashHeader } from '../../wire/backup-api';
import { streamPieces } from '../sealed/pieces';
import { createBackupBox, type BackupBox as Box } from './backup-box';
import { createSqliteBox, spendBytes } from './sqlite-box';

const dayMs = 24 * 60 * 60 * 1000;
const refused = (status: number): Response => new Response(null, { status });

export class BackupBox extends DurableObject {
	#box: Box | undefined;

	/** A count needs no tables of a box. */
	get box(): Box {
		this.#box ??= createBackupBox(createSqliteBox(this.ctx.storage.sql), () => Date.now());
		return this.#box;
	}

	override async fetch(request: Request): Promise<Response> {
		const { pathname, searchParams } = new URL(request.url);
		const token = request.headers.get('x-token-hash') ?? '';
		switch (pathname) {
			case '/put':
				return await this.#put(request, token);
			case '/list': {
				const kept = this.box.list(token);
				return kept === undefined ? refused(404) : Response.json(kept);
			}
			case '/read': {
				const open = this.box.open(token, Number(searchParams.get('at')));
				if (open === undefined) return refused(404);
				const body = streamPieces(open.size, (index) => open.piece(index));
				return new Response(body, { headers: { 'x-size': String(open.size) } });
			}
			case '/forget':
				if (!this.box.mayForget(token)) return refused(404);
				await this.#forget();
				return refused(204);
			case '/spend': {
				const bytes = Number(searchParams.get('bytes'));
				const spent = { day: Math.floor(Date.now() / dayMs), bytes, limit: backupLimits.bytesPerDay };
				return refused(spendBytes(this.ctx.storage.sql, spent) ? 204 : 429);
			}
			default:
				return refused(404);
		}
	}

	/** Nobody has come for it in more than a year. */
	override async alarm(): Promise<void> {
		const next = this.box.expire();
		if (next !== undefined) return await this.ctx.storage.setAlarm(next);
		await this.#forget();
	}

	/** Piece by piece as it comes: never more than one of them in memory. */
	async #put(request: Request, writeHash: string): Promise<Response> {
		const readHash = request.headers.get(readHashHeader) ?? '';
		const incoming = this.box.begin({ readHash, writeHash });
		if (incoming === 'taken') return refused(404);
		if (incoming === 'busy') return refused(429);
		// Should this object end before the upload does, what has come of it is not kept for ever.
		if ((await this.ctx.storage.getAlarm()) === null) await this.ctx.storage.setAlarm(Date.now() + dayMs);
		try {
			for await (const bytes of request.body ?? []) {
				if (!incoming.add(bytes)) {
					incoming.abandon();
					return refused(413);
				}
			}
		} catch {
			// The connection went: what came of it is worth nothing.
			incoming.abandon();
			return refused(400);
		}
		const keep = request.headers.get(keepHeader);
		const kept = incoming.end(keep === null ? undefined : Number(keep));
		const next = this.box.expire();
		if (next !== undefined) await this.ctx.storage.setAlarm(next);
		return Response.json(kept);
	}

	async #forget(): Promise<void> {
		await this.ctx.storage.deleteAlarm();
		await this.ctx.storage.deleteAll();
		// The tables went too, and this object may be asked again.
		this.#box = undefined;
	}
}
