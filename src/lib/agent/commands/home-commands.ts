/**
 * Commands about this person's devices, and the member at work behind them. All of it is a chunk that is
 * loaded where this device has a home, or somebody looks at its devices.
 */

import { AppError } from '../../wire/errors';
import type { HomeParts } from '../home/home-life';
import type { OpenHome } from '../home/open-home';
import { readOpenTurns } from '../journal/read-records';
import type { SyncNetwork } from '../ports';
import { isRecord } from '../sessions/upcast';
import type { Handlers } from './session-commands';

export interface HomeOnDemand {
	readonly handlers: Handlers;
	/** Where there is a home, from now on whatever is committed is told. */
	start(): Promise<void>;
	/** Resolves when it is known which of the open turns are still this device's. */
	beforeRecovery(): Promise<void>;
	/** Shows what other devices run. */
	look(): Promise<void>;
	end(): void;
}

export function homeOnDemand(
	parts: Omit<HomeParts, 'network'>,
	network: (() => Promise<SyncNetwork>) | undefined
): HomeOnDemand {
	let opened: Promise<OpenHome> | undefined;
	function open(): Promise<OpenHome> {
		if (network === undefined) throw new AppError('relay/no-home');
		opened ??= Promise.all([import('../home/open-home'), network()]).then(
			([{ openHome }, way]) => openHome({ ...parts, network: way }),
			(thrown: unknown) => {
				// A chunk that did not arrive may arrive the next time; what is committed until then is told again.
				opened = undefined;
				throw thrown;
			}
		);
		return opened;
	}
	return {
		handlers: {
			'home.view': async () => (await open()).view(),
			'home.change': async (change) => (await open()).change(change)
		},
		async start() {
			const row = network === undefined ? undefined : await parts.base.get('meta', 'home');
			if (!isRecord(row)) return;
			// Another tab may have become a member: this one knows its older name.
			if (typeof row.kid === 'string') parts.became(row.kid);
			parts.outgoing.tell(open().then(({ prepare }) => prepare));
		},
		async beforeRecovery() {
			if (opened === undefined || (await readOpenTurns(parts.base)).length === 0) return;
			await (await opened).beforeRecovery();
		},
		async look() {
			await (await opened)?.look();
		},
		end() {
			void opened?.then((home) => {
				home.end();
			});
		}
	};
}
