/** What a person decided about a held call, as it is written down. A chunk of its own: most sessions hold none. */

import type { ApprovalRecord } from '../journal/records';
import { approvalLifetimeMs } from '../policy/authorize';
import { alwaysRule } from '../policy/decide';
import type { Host } from './host';

export async function recordDecision(
	host: Host,
	approval: ApprovalRecord,
	{ decision, by }: { readonly decision: NonNullable<ApprovalRecord['decision']>; readonly by: string }
): Promise<void> {
	const now = host.ports.clock.now();
	const isNo = decision === 'reject';
	const decided: ApprovalRecord = {
		...approval,
		state: isNo ? 'rejected' : 'approved',
		decision,
		decidedBy: by,
		decidedAt: now,
		...(isNo ? {} : { expiresAt: now + approvalLifetimeMs })
	};
	const { held } = approval;
	const facts = host.catalog.facts(held.action);
	const rule =
		decision === 'always' && held.canAlways && facts !== undefined
			? alwaysRule({ ...facts, args: held.args, destinations: held.destinations }, held.approvalId, now)
			: undefined;
	await host.store.commit({
		epoch: host.epoch(),
		expect: [{ table: 'approvals', key: approval.approvalId, field: 'state', is: 'asked' }],
		put: [
			{ table: 'approvals', key: approval.approvalId, row: decided },
			...(rule === undefined ? [] : [{ table: 'rules' as const, key: rule.id, row: rule }])
		]
	});
	if (rule !== undefined) host.policy.add(rule);
}
