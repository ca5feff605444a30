/** What turns of this person's other devices mean for commands here; filled in where this device has a home. */

import type { AppStatus } from '../../wire/commands';
import type { ApprovalRecord } from '../journal/records';

export interface Elsewhere {
	/** The name of the device that runs a turn of this session; undefined where none does. */
	deviceOf(sessionId: string): string | undefined;
	/** False where no other device runs it. The order reaches the other device when both are online. */
	stop(sessionId: string): Promise<boolean>;
	/** False where no other device waits for this. */
	decide(approvalId: string, decision: NonNullable<ApprovalRecord['decision']>): Promise<boolean>;
}

export interface ElsewherePort {
	current: Elsewhere | undefined;
	/** The relay has all of it, sealed, and at least one other device reads there. */
	isInStep: () => Promise<boolean>;
	/** What is wrong between the devices. */
	trouble?: () => Pick<AppStatus, 'home'>;
}
