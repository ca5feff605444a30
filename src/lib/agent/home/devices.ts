/**
 * The home's devices as a person sees them, and who is let in and shown the door. Names and times are registers
 * in the log; who is a member is the log itself.
 */

import type { Replica } from '../sync/replica';
import type { Json } from '../../wire/json';
import type { Member } from '../../wire/sync';

export interface DeviceRow {
	readonly kid: string;
	readonly name: string;
	/** Milliseconds since 1970; 0 where it never said. */
	readonly lastSeen: number;
	readonly isThis: boolean;
	readonly isRevoked: boolean;
	/** Its removal is under way. */
	readonly isLeaving: boolean;
	/** Not a browser: what a recovery code stands for. */
	readonly isRecovery: boolean;
}

export const deviceNameKey = (kid: string): string => `device/${kid}/name`;
export const deviceSeenKey = (kid: string): string => `device/${kid}/seen`;

/** What a member is, where it is no browser. */
export const deviceKindKey = (kid: string): string => `device/${kid}/kind`;
export const recoveryKind = 'recovery';
export const isRecoveryKind = (value: Json | undefined): boolean => value === recoveryKind;

export function listDevices(
	replica: Pick<Replica, 'place' | 'isLeaving'> & {
		readonly state: { readonly registers: ReadonlyMap<string, { readonly value: Json }> };
	},
	self: string
): readonly DeviceRow[] {
	const { registers } = replica.state;
	return Object.entries(replica.place().members).map(([kid, { isRemoved }]) => {
		const name = registers.get(deviceNameKey(kid))?.value;
		const seen = registers.get(deviceSeenKey(kid))?.value;
		return {
			kid,
			name: typeof name === 'string' ? name : '',
			lastSeen: typeof seen === 'number' ? seen : 0,
			isThis: kid === self,
			isRevoked: isRemoved,
			isLeaving: replica.isLeaving(kid),
			isRecovery: isRecoveryKind(registers.get(deviceKindKey(kid))?.value)
		};
	});
}

/** Goes out with the next envelope. */
export function admit(replica: Replica, member: Member): void {
	replica.queuePurpose({ kind: 'add', member });
}

/**
 * Removes a device and takes its key out of use: what follows is sealed with a new one, which each of the
 * others gets sealed for itself. What the device had read, it has. Asked for again while it is under way, it is
 * still one. False where it is no member, or nobody would be left.
 */
export function revoke(replica: Replica, kid: string): boolean {
	const { members } = replica.place();
	const isOther = Object.entries(members).some(([other, { isRemoved }]) => !isRemoved && other !== kid);
	if (members[kid]?.isRemoved !== false || !isOther) return false;
	replica.queuePurpose({ kind: 'remove', kid });
	return true;
}
