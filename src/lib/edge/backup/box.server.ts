/**
 * The Durable Object around the backups of one key, named by its address; and around a home's count of bytes, named by
 * `of:` and what says of whom to this relay alone. It turns requests of our own edge into calls of the parts beside it.
 */

import { DurableObject } from 'cloudflare:workers';
import { keepHeader, readHashHeader } from '../../wire/backup-api';
import { streamPieces } from '../sealed/pieces';
import { createBackupBox, type BackupBox as Box } from './backup-box';
import { createHomeCount } from './home-count';
import { createSqliteBox } from './sqlite-box';

const dayMs = 24 * 60 * 60 * 1000;
/** Whose count its bytes are of. */
const counterKey = 'counter';
/** How a count answers, and the box that asked it. */
const statusOf = { yes: 204, spent: 402, full: 507 } as const;
const refused = (status: number): Response => new Response(null, { status });

interface Asked {
	/** Whose count it is of; empty for nobody's. */
	readonly counter: string;
	/** As it was announced. */
	readonly size: number;
}

export class BackupBox extends DurableObject<Env> {
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
				return await this.#put(request, token, {
					counter: searchParams.get('counter') ?? '',
					size: Number(searchParams.get('size'))
				});
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
			case '/reserve':
			case '/hold': {
				const count = createHomeCount(this.ctx.storage.sql, () => Date.now());
				const [box, bytes] = [searchParams.get('box') ?? '', Number(searchParams.get('bytes'))];
				if (pathname === '/reserve') return refused(statusOf[count.reserve(box, bytes)]);
				count.hold(box, bytes);
				return refused(204);
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
	async #put(request: Request, writeHash: string, { counter, size }: Asked): Promise<Response> {
		const readHash = request.headers.get(readHashHeader) ?? '';
		const incoming = this.box.begin({ readHash, writeHash });
		if (incoming === 'taken') return refused(404);
		if (incoming === 'busy') return refused(429);
		const reserved = await this.#reserve(counter, size).catch((thrown: unknown) => {
			incoming.abandon();
			throw thrown;
		});
		if (reserved !== statusOf.yes) {
			incoming.abandon();
			return refused(reserved);
		}
		// Should this object end before the upload does, what has come of it is not kept for ever.
		if ((await this.ctx.storage.getAlarm()) === null) await this.ctx.storage.setAlarm(Date.now() + dayMs);
		try {
			for await (const bytes of request.body ?? []) {
				if (!incoming.add(bytes)) {
					incoming.abandon();
					await this.#hold(counter);
					return refused(413);
				}
			}
		} catch {
			// The connection went: what came of it is worth nothing.
			incoming.abandon();
			await this.#hold(counter);
			return refused(400);
		}
		const keep = request.headers.get(keepHeader);
		const kept = incoming.end(keep === null ? undefined : Number(keep));
		const next = this.box.expire();
		if (next !== undefined) await this.ctx.storage.setAlarm(next);
		await this.#hold(counter);
		return Response.json(kept);
	}

	/** Nobody is counted at the relay's own machine. */
	async #reserve(counter: string, bytes: number): Promise<number> {
		if (counter === '') return statusOf.yes;
		const { storage } = this.ctx;
		const reserved = await this.#tell(counter, 'reserve', bytes);
		if (reserved !== statusOf.yes) return reserved;
		const before = await storage.get<string>(counterKey);
		if (before !== undefined && before !== counter) await this.#tell(before, 'hold', 0);
		await storage.put(counterKey, counter);
		return reserved;
	}

	async #hold(counter: string): Promise<void> {
		if (counter !== '') await this.#tell(counter, 'hold', this.box.size());
	}

	async #tell(counter: string, what: 'reserve' | 'hold', bytes: number): Promise<number> {
		const box = this.ctx.id.toString();
		const url = `https://backup/${what}?box=${box}&bytes=${bytes}`;
		return (await this.env.BACKUPS?.getByName(counter).fetch(url))?.status ?? 503;
	}

	async #forget(): Promise<void> {
		const counter = await this.ctx.storage.get<string>(counterKey);
		if (counter !== undefined) await this.#tell(counter, 'hold', 0);
		await this.ctx.storage.deleteAlarm();
		await this.ctx.storage.deleteAll();
		// The tables went too, and this object may be asked again.
		this.#box = undefined;
	}
}
