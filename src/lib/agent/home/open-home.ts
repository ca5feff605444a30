/** The home of this device with all that a page may ask of it. */

import type { HomeChange, HomeView } from '../../wire/commands';
import type { Prepare } from '../storage/outgoing';
import { openHomeLife, type HomeParts } from './home-life';
import { seeOut } from './leaving';
import { createPairingDesk } from './pairing-desk';

export interface OpenHome {
	/** For every commit of this device. */
	readonly prepare: Prepare;
	view(): Promise<HomeView>;
	/** Before open turns go on: another device may have taken them over. */
	beforeRecovery(): Promise<void>;
	/** Shows what other devices run. */
	look(): Promise<void>;
	change(change: HomeChange): Promise<{ code: string | null }>;
	end(): void;
}

export async function openHome(parts: HomeParts): Promise<OpenHome> {
	const life = await openHomeLife(parts);
	const desk = createPairingDesk(life);
	const stop = seeOut(life, desk.meetings);
	return {
		prepare: life.prepare ?? ((commit) => Promise.resolve({ commit, committed: () => undefined })),
		view: async () => ({ ...(await life.view()), ...(await desk.view()) }),
		beforeRecovery: async () => life.sync()?.current(),
		look: async () => life.sync()?.elsewhere.look(),
		change: (change) => desk.change(change),
		end() {
			stop();
			desk.end();
			life.end();
		}
	};
}
