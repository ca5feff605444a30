/** The platform's WebSocket as the agent's port. A message that is sent before it is open would throw: it is dropped. */

import type { OpenSocket } from '../lib/agent/ports';

export const openSocket: OpenSocket = (address, protocols, on) => {
	const socket = new WebSocket(address, [...protocols]);
	socket.onmessage = ({ data }: MessageEvent<unknown>) => {
		if (typeof data === 'string') on.message(data);
	};
	socket.onclose = ({ code }) => {
		on.closed(code);
	};
	return {
		send(text) {
			if (socket.readyState === WebSocket.OPEN) socket.send(text);
		},
		close() {
			socket.close();
		}
	};
};
