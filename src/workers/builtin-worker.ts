/** The worker's end of the browser's own model: a lent port as the `BuiltinPort` that the agent knows. */

import { proxy, wrap } from 'comlink';
import type { BuiltinMessage, BuiltinPort } from '../lib/agent/models/builtin';
import { uuidv7 } from '../lib/wire/uuid';
import type { LentModel } from './builtin-page';

export function receiveBuiltinModel(port: MessagePort): BuiltinPort {
	const lent = wrap<LentModel>(port);
	return {
		availability: () => lent.availability(),
		prompt: (system, messages, signal) => stream(lent, system, messages, signal)
	};
}

async function* stream(
	lent: ReturnType<typeof wrap<LentModel>>,
	system: string,
	messages: readonly BuiltinMessage[],
	signal: AbortSignal
): AsyncGenerator<string> {
	const id = uuidv7();
	const pieces: string[] = [];
	let wake = (): void => undefined;
	let isDone = false;
	const onAbort = (): void => {
		void lent.abort(id);
	};
	signal.addEventListener('abort', onAbort, { once: true });
	const done = lent
		.prompt(
			id,
			system,
			messages,
			proxy((delta: string) => {
				pieces.push(delta);
				wake();
			})
		)
		.finally(() => {
			isDone = true;
			wake();
		});
	try {
		for (;;) {
			yield pieces.splice(0).join('');
			if (isDone && pieces.length === 0) break;
			if (pieces.length === 0) {
				await new Promise<void>((resolve) => {
					wake = resolve;
					if (isDone) resolve();
				});
			}
		}
		await done;
	} finally {
		signal.removeEventListener('abort', onAbort);
	}
}
