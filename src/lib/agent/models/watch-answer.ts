/**
 * An answer that another device has asked for, read along at the edge: the same bytes through the same decoder.
 * It never asks a model. A chunk of its own: only who has several devices looks over their shoulder.
 */

import type { ModelRef } from '../../wire/entries';
import type { ProtocolId } from '../../wire/providers';
import type { Clock, NetworkPort } from '../ports';
import { readHubStream } from './hub-stream';
import type { StreamNames } from './hub-names';
import type { ModelEvent, Protocol } from './protocol';
import type { ModelTarget } from './targets';

export interface WatchPorts {
	readonly fetch: NetworkPort;
	readonly clock: Clock;
	targets(ref: ModelRef): ModelTarget | Promise<ModelTarget>;
	loadProtocol(id: ProtocolId): Promise<Protocol | undefined>;
	/** Of the relay that both devices use. */
	readonly origin: string;
}

export interface WatchedAnswer {
	readonly model: ModelRef;
	readonly names: StreamNames;
	readonly signal: AbortSignal;
}

/** The request may not have reached the edge yet; or nobody makes it any more. */
const againMs = 400;
const slower = 1.5;
/** Together about twenty minutes: then there is nothing to see until whoever asked says more. */
const longestPauseMs = 60_000;
const mostTries = 30;

/**
 * Resolves when the answer is over, or does not come; rejects when the signal ends it. Of a request that failed it goes on to the
 * next one, as whoever asked does.
 */
export async function watchAnswer(
	ports: WatchPorts,
	{ model, names, signal }: WatchedAnswer,
	onEvent: (event: ModelEvent) => void
): Promise<void> {
	const target = await ports.targets(model);
	const protocol = await ports.loadProtocol(target.protocol);
	if (protocol === undefined || target.via !== 'relay') return;
	let stream = names.next();
	for (let tries = 0; tries < mostTries; tries++) {
		const answer = await readHubStream(ports.origin, stream, signal, ports);
		if (answer === undefined) {
			await ports.clock.sleep(Math.min(againMs * slower ** tries, longestPauseMs), signal);
			continue;
		}
		if (answer.ok && answer.body !== null) {
			const decoder = protocol.decoder(target.target);
			const reader = answer.body.getReader();
			for (;;) {
				const { done, value } = await reader.read();
				signal.throwIfAborted();
				if (done) return;
				decoder.push(value, onEvent);
			}
		}
		await answer.body?.cancel();
		stream = names.next();
	}
}
