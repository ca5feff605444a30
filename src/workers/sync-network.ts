/** The browser's own WebSocket as the agent's way to a room. A chunk that a device with a home loads. */

import type { SyncNetwork } from '../lib/agent/ports';

export const syncNetwork: SyncNetwork = {
	open(address, { frame, closed }) {
		const socket = new WebSocket(address);
		socket.onmessage = ({ data }: MessageEvent<unknown>) => {
			if (typeof data === 'string') frame(data);
		};
		socket.onclose = closed;
		return {
			send(text) {
				if (socket.readyState === WebSocket.OPEN) socket.send(text);
			},
			close() {
				socket.close();
			}
		};
	},
	isOnline: () => navigator.onLine,
	onChange(listener) {
		self.addEventListener('online', listener);
		return () => {
			self.removeEventListener('online', listener);
		};
	}
};
