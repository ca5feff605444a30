/** The worker's side of P4: sends events to the page in each of the ways that are compared. */

import { expose } from 'comlink';
import { createPagePort } from '../../src/lib/agent/view/page-port';
import type { FromPage, Patch } from '../../src/lib/wire/view';

export type Way = 'ours' | 'comlink' | 'postMessage' | 'batches of 256';
export type Callback = (patch: Patch) => Promise<void>;

export interface Load {
	/** Events of one burst. The next begins when the page says that all of this one have arrived. */
	readonly count: number;
	readonly bursts: number;
	/** Null: as fast as it goes. */
	readonly perSecond: number | null;
	readonly arrived: MessagePort;
}

/** Everything is sent in one go; or one an interval, without blocking the worker's own messages. */
async function produce(
	{ count, perSecond, bursts, arrived }: Load,
	send: (patch: Patch) => unknown,
	finish: () => void = () => undefined
): Promise<void> {
	const start = performance.now();
	for (let seq = 0; seq < count * bursts; seq++) {
		if (perSecond !== null) {
			while (performance.now() - start < (seq * 1_000) / perSecond) await tick();
		}
		send({
			op: 'event',
			at: performance.timeOrigin + performance.now(),
			event: { type: 'text-delta', turnId: 'turn-1', seq, index: 0, delta: 'a few words ' }
		});
		// The loop awaits now and then, too: a flood that never yields would measure the queue alone.
		if (perSecond === null && seq % 64 === 63) await tick();
		if (seq % count !== count - 1) continue;
		finish();
		await new Promise<void>((resolve) => {
			arrived.onmessage = () => {
				resolve();
			};
		});
	}
}

const channel = new MessageChannel();
const ticks: (() => void)[] = [];
channel.port1.onmessage = () => ticks.shift()?.();
function tick(): Promise<void> {
	return new Promise((resolve) => {
		ticks.push(resolve);
		channel.port2.postMessage(null);
	});
}

const api = {
	async run(way: Way, port: MessagePort, callback: Callback, load: Load): Promise<void> {
		if (way === 'comlink') {
			await produce(load, (patch) => void callback(patch));
		} else if (way === 'postMessage') {
			await produce(load, (patch) => {
				port.postMessage(patch);
			});
		} else if (way === 'batches of 256') {
			let batch: Patch[] = [];
			const flush = (): void => {
				if (batch.length > 0) port.postMessage(batch);
				batch = [];
			};
			await produce(
				load,
				(patch) => {
					batch.push(patch);
					if (batch.length === 256) flush();
				},
				flush
			);
		} else {
			const page = createPagePort(
				{
					post: (message) => {
						port.postMessage(message);
					},
					onMessage: (listener) => {
						port.onmessage = ({ data }: MessageEvent<FromPage>) => {
							listener(data);
						};
					}
				},
				{
					drain: () => [],
					snapshot: () => ({ sessionId: null, state: null, window: { total: 0, items: [] }, trace: [] })
				}
			);
			await produce(load, (patch) => {
				page.push(patch);
			});
		}
	}
};
export type Api = typeof api;

expose(api);
