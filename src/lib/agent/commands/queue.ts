/** Messages that wait: to steer the running turn, or to be sent when it is over. Stored before they count. */

import type { EntryDraft } from '../journal/turn-journal';
import type { Steering } from '../loop/ports';
import { plainText } from '../sessions/fold';
import type { StoreDelete } from '../storage/store';
import type { Host } from './host';

interface QueueRow {
	readonly v: number;
	readonly id: string;
	readonly kind: 'steer' | 'queue';
	readonly draft: EntryDraft;
}

export interface Queue {
	add(sessionId: string, draft: EntryDraft, kind: QueueRow['kind']): Promise<StoreDelete>;
	/** A steering message that no turn took becomes a queued one. */
	keep(steering: Steering): Promise<void>;
	first(sessionId: string): Promise<{ draft: EntryDraft; row: StoreDelete } | undefined>;
	list(sessionId: string): Promise<readonly { id: string; text: string }[]>;
	remove(sessionId: string, id: string): Promise<void>;
	counts(): Promise<readonly { sessionId: string; count: number }[]>;
}

export function createQueue(host: Pick<Host, 'store' | 'epoch'>): Queue {
	const rows = async (prefix: string): Promise<{ key: string; row: QueueRow }[]> => {
		const stored = await host.store.range('queue', { prefix });
		return stored.flatMap(({ key, row }) => (isQueueRow(row) ? [{ key, row }] : []));
	};
	const put = async (key: string, row: QueueRow): Promise<void> => {
		await host.store.commit({ epoch: host.epoch(), put: [{ table: 'queue', key, row }] });
	};
	return {
		async add(sessionId, draft, kind) {
			// Entry ids sort by time, so the key keeps the order of sending.
			const key = `${sessionId}/${draft.id}`;
			await host.store.commit({
				epoch: host.epoch(),
				put: [{ table: 'queue', key, row: { v: 1, id: draft.id, kind, draft } satisfies QueueRow }],
				// It waits here now: in Message it would be sent a second time.
				delete: [{ table: 'drafts', key: sessionId }]
			});
			return { table: 'queue', key };
		},
		async keep({ draft, row }) {
			await put(row.key, { v: 1, id: draft.id, kind: 'queue', draft });
		},
		async first(sessionId) {
			const [first] = await rows(`${sessionId}/`);
			return first === undefined
				? undefined
				: { draft: first.row.draft, row: { table: 'queue', key: first.key } };
		},
		async list(sessionId) {
			return (await rows(`${sessionId}/`)).map(({ row }) => ({
				id: row.id,
				text: plainText(row.draft.parts)
			}));
		},
		async remove(sessionId, id) {
			await host.store.commit({
				epoch: host.epoch(),
				delete: [{ table: 'queue', key: `${sessionId}/${id}` }]
			});
		},
		async counts() {
			const counts = new Map<string, number>();
			for (const { row } of await rows(''))
				counts.set(row.draft.sessionId, (counts.get(row.draft.sessionId) ?? 0) + 1);
			return [...counts].map(([sessionId, count]) => ({ sessionId, count }));
		}
	};
}

function isQueueRow(row: unknown): row is QueueRow {
	return (
		typeof row === 'object' && row !== null && 'id' in row && 'draft' in row && typeof row.draft === 'object'
	);
}
