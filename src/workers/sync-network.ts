/** The browser's own WebSocket as the agent's way to a room. A chunk that a device with a home loads. */

import type { SyncNetwork } from '../lib/agent/ports';
import { openSocket } from './browser-socket';

export const syncNetwork: SyncNetwork = {
	open: (address, { frame, closed }) =>
		openSocket(address, [], {
			message: frame,
			closed: () => {
				closed();
			}
		}),
	isOnline: () => navigator.onLine,
	onChange(listener) {
		self.addEventListener('online', listener);
		return () => {
			self.removeEventListener('online', listener);
		};
	}
};
