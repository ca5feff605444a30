/** The calls that wait for a person's decision, and the answers that hold them. */

import { readApproval, readEffects } from '../journal/read-records';
import type { ApprovalRecord } from '../journal/records';
import type { Host } from './host';

export async function readApprovals(host: Host): Promise<ApprovalRecord[]> {
	const rows = await host.store.range('approvals', {});
	const read = await Promise.all(rows.map(({ key }) => readApproval(host.store, key)));
	return read.flatMap((approval) => (approval === undefined ? [] : [approval]));
}

/** The answer that holds each waiting call, by the call's effect key. */
export async function answersOf(
	host: Host,
	approvals: readonly ApprovalRecord[]
): Promise<Map<string, string>> {
	const effects = await readEffects(
		host.store,
		approvals.map((approval) => approval.effectKey)
	);
	return new Map(
		effects.flatMap((effect) => (effect === undefined ? [] : [[effect.effectKey, effect.entryId]]))
	);
}
