/**
 * A fork into its own session: a pointer to an entry of another session, never a copy. How deep
 * that may go, and which session an entry really belongs to. Pure; a chunk that the first fork loads.
 */

import { AppError } from '../../wire/errors';
import { facts, setFacts } from './facts';
import { maximumForkDepth } from './load';
import type { LoadedSession } from './loaded';
import { sessionVersion, type SessionRecord } from './records';

export interface ForkOptions {
	readonly from: LoadedSession;
	readonly entryId: string;
	readonly id: string;
	readonly createdAt: number;
	readonly stamp: { readonly lam: number; readonly dev: string };
}

/**
 * The record of a session that goes on from `entryId`. It takes over the origin's settings and
 * title, and is temporary if the origin is. Throws `entry/not-found`, or `input/invalid` with
 * `data.code` `ACP_SESSION_MAX_FORK_DEPTH`.
 */
export function forkRecord({ from, entryId, id, createdAt, stamp }: ForkOptions): SessionRecord {
	if (!from.tree.has(entryId)) throw new AppError('entry/not-found', { data: { entryId } });
	// An inherited entry belongs to an older session: pointing there keeps the lineage short.
	const owner = ownerOf(from, entryId);
	const depth = 1 + from.lineage.length - Math.max(0, [from.record.id, ...from.lineage].indexOf(owner));
	if (depth > maximumForkDepth) {
		throw new AppError('input/invalid', {
			message: `A session can be forked ${maximumForkDepth} times in a row, not more.`,
			data: { code: 'ACP_SESSION_MAX_FORK_DEPTH', maximum: maximumForkDepth }
		});
	}
	const { title, titleBy, folder, tags, mode, model, effort, webSearch, preview } = facts(from.record);
	const record: SessionRecord = {
		id,
		v: sessionVersion,
		createdAt,
		temporary: from.record.temporary,
		origin: { sessionId: owner, entryId },
		registers: {}
	};
	return setFacts(
		record,
		{
			title,
			titleBy,
			folder,
			tags,
			mode,
			model,
			effort,
			webSearch,
			preview,
			head: entryId,
			touchedAt: createdAt
		},
		stamp
	);
}

function ownerOf(from: LoadedSession, entryId: string): string {
	if (!from.isInherited(entryId)) return from.record.id;
	const claimed = from.entry(entryId)?.sessionId ?? '';
	return from.lineage.includes(claimed) ? claimed : from.record.id;
}
