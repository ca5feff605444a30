/**
 * The line to the room, for as long as this tab leads: opened, kept awake, and opened again after it broke;
 * sooner at first, then less often, never in step with others. Without a network it waits for one.
 */

import type { Clock, Random, SyncNetwork } from '../ports';
import type { SyncConnection } from './connection';

export interface Link {
	/** At once, if it waits. */
	wake(): void;
	end(): void;
}

const firstDelayMs = 500;
const longestDelayMs = 60_000;
const pingEveryMs = 30_000;

export interface LinkParts {
	readonly connection: SyncConnection;
	readonly network: SyncNetwork;
	readonly address: string;
	readonly clock: Clock;
	readonly random: Random;
	readonly changed: () => void;
}

export function openLink({ connection, network, address, clock, random, changed }: LinkParts): Link {
	let isOver = false;
	let wake = Promise.withResolvers<undefined>();
	const stopListening = network.onChange(() => {
		wake.resolve(undefined);
	});
	const isFinal = (): boolean => ['revoked', 'broken'].includes(connection.status().kind);

	/** One connection, from its opening to its end; answers whether it was good for something. */
	async function connectOnce(): Promise<boolean> {
		const { promise: closed, resolve } = Promise.withResolvers<undefined>();
		let wasIn = false;
		const opened = clock.now();
		const before = connection.progress();
		let heard = opened;
		const socket = network.open(address, {
			frame(text) {
				heard = clock.now();
				void connection.received(text).then(() => {
					wasIn ||= connection.status().kind === 'joined';
				});
			},
			closed: () => {
				resolve(undefined);
			}
		});
		connection.open({
			send: (frame) => {
				socket.send(frame);
			},
			close: () => {
				socket.close();
				resolve(undefined);
			}
		});
		let isOpen = true;
		void closed.then(() => (isOpen = false));
		void (async () => {
			for (;;) {
				await Promise.race([closed, clock.sleep(pingEveryMs)]);
				if (!isOpen) return;
				// Two pings went unanswered: the line is dead, and nobody has said so.
				if (clock.now() - heard > 2.5 * pingEveryMs) resolve(undefined);
				else socket.send('{"type":"ping"}');
			}
		})();
		await closed;
		socket.close();
		connection.closed();
		return wasIn && (connection.progress() > before || clock.now() - opened > longestDelayMs);
	}

	void (async () => {
		let delay = firstDelayMs;
		while (!isOver && !isFinal()) {
			wake = Promise.withResolvers();
			if (network.isOnline()) {
				const wasGood = await connectOnce().catch(() => false);
				changed();
				if (wasGood) delay = firstDelayMs;
				if (isOver || isFinal()) break;
				await Promise.race([clock.sleep(delay * (0.5 + random.float())), wake.promise]);
				delay = Math.min(longestDelayMs, delay * 2);
			} else await wake.promise;
		}
	})();

	return {
		wake() {
			wake.resolve(undefined);
		},
		end() {
			isOver = true;
			stopListening();
			wake.resolve(undefined);
			connection.end();
		}
	};
}
