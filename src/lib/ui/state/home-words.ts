/** How this device stands with the others, in words: one sentence, and whether it is worth a warning. */

import { m } from '../../paraglide/messages';
import type { HomeView } from '../../wire/commands';

export function homeText(view: HomeView): { readonly text: string; readonly isTrouble: boolean } | null {
	switch (view.state) {
		case 'none':
			return null;
		case 'apart':
			return { text: m.home_apart(), isTrouble: false };
		case 'joining':
			return { text: m.home_joining(), isTrouble: false };
		case 'joined':
			return { text: joinedText(view), isTrouble: false };
		case 'not-admitted':
			return { text: m.home_not_admitted(), isTrouble: true };
		case 'revoked':
			return { text: m.home_revoked(), isTrouble: true };
		case 'full':
			return { text: m.home_full(), isTrouble: true };
		case 'broken':
			return { text: `${faultText(view)} ${m.home_broken_next()}`, isTrouble: true };
	}
}

function joinedText({ devices, waiting }: HomeView): string {
	if (waiting) return m.home_sending();
	const others = devices.filter((one) => !one.isThis && !one.isRevoked && !one.isRecovery);
	return others.length === 0 ? m.home_alone() : m.home_joined();
}

function faultText({ fault }: HomeView): string {
	const named = fault?.device ?? '';
	const device = named === '' ? m.fault_some_device() : named;
	switch (fault?.kind) {
		case 'dropped':
			return m.fault_dropped({ device });
		case 'reordered':
			return m.fault_reordered({ device });
		case 'replayed':
			return m.fault_replayed({ device });
		case 'forked':
			return m.fault_forked({ device });
		case 'rolled-back':
			return m.fault_rolled_back();
		case 'foreign':
			return m.fault_foreign();
		case 'stale-key':
			return m.fault_stale_key();
		default:
			return m.fault_forged();
	}
}
