/**
 * The frame around every protocol's reader: server-sent events in, JSON parsed, errors caught, one reply out.
 */

import { AppError } from '../../wire/errors';
import { isJsonObject } from '../../wire/json';
import type { JsonObject } from '../../wire/json';
import type { Draft, Emit } from './draft';
import type { Decoder } from './protocol';
import { toReply } from './reply';
import { createSseScanner } from './sse';

/** `read` gets each event's JSON. It means to throw nothing: what it throws all the same is a malformed stream. */
export function createDecoder(options: {
	readonly provider: string;
	readonly draft: Draft;
	/** The provider wants a call's arguments back as text. */
	readonly keepsArgs?: boolean;
	read(value: JsonObject, emit: Emit, event: string): void;
	/** Reads an event without parsing it, where its frame is known; false where it has to be parsed. */
	readFast?(data: string, emit: Emit): boolean;
	/** Called after `read` with the same event, to know its frame the next time. */
	learn?(data: string, value: JsonObject): void;
	/** Called once before the reply is made, to settle what is still open. */
	finish?(): void;
}): Decoder {
	const { draft, provider } = options;
	let emit: Emit = ignore;
	const scanner = createSseScanner((data, event) => {
		if (data.startsWith('[DONE]')) {
			draft.isTerminated = true;
			return;
		}
		try {
			if (event !== 'error' && options.readFast?.(data, emit) === true) return;
			const value: unknown = JSON.parse(data);
			if (isJsonObject(value)) {
				options.read(value, emit, event);
				options.learn?.(data, value);
			} else if (Array.isArray(value))
				for (const item of value) if (isJsonObject(item)) options.read(item, emit, event);
		} catch {
			draft.error ??= new AppError('model/malformed-stream').toWire();
		}
	});
	return {
		push: (bytes, onEvent) => {
			emit = onEvent;
			scanner.push(bytes);
		},
		end: (how) => {
			scanner.end();
			try {
				options.finish?.();
			} catch {
				draft.error ??= new AppError('model/malformed-stream').toWire();
			}
			return toReply(draft, provider, how, options.keepsArgs === true);
		}
	};
}

function ignore(): void {
	// No event is due after the end.
}
