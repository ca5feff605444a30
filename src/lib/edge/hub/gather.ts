/** From a provider's bytes, in whatever pieces they come, to what is stored at once. */

import { joinBytes } from '../../wire/bytes';

/** What one frame holds at most. */
const maxFrame = 16 * 1024;

/** Hands on what has come: the first piece at once, and while that is being stored the rest gathers. */
export async function gather(
	response: Response,
	signal: AbortSignal,
	store: (bytes: Uint8Array) => Promise<void>
): Promise<void> {
	const reader = response.body?.getReader();
	if (reader === undefined) return;
	const cancel = (): void => {
		reader.cancel().catch(() => undefined);
	};
	signal.addEventListener('abort', cancel, { once: true });
	let gathered: Uint8Array[] = [];
	let size = 0;
	const pending: { write?: Promise<void>; failure?: unknown } = {};
	const flush = (): void => {
		if (pending.write !== undefined || size === 0) return;
		const [only] = gathered;
		const bytes = gathered.length === 1 && only !== undefined ? only : joinBytes(gathered);
		gathered = [];
		size = 0;
		pending.write = store(bytes)
			.catch((thrown: unknown) => {
				pending.failure = thrown;
				cancel();
			})
			.finally(() => {
				delete pending.write;
				flush();
			});
	};
	try {
		for (;;) {
			const { done, value } = await reader.read();
			if (done || 'failure' in pending) break;
			gathered.push(value);
			size += value.length;
			flush();
			// Reading faster than storing would only fill the memory.
			while (size > 4 * maxFrame && pending.write !== undefined) await pending.write;
		}
	} finally {
		signal.removeEventListener('abort', cancel);
		while (pending.write !== undefined) await pending.write;
	}
	if ('failure' in pending) throw new Error('a frame could not be stored', { cause: pending.failure });
}

export function cutIntoFrames(bytes: Uint8Array): Uint8Array[] {
	const pieces: Uint8Array[] = [];
	for (let at = 0; at < bytes.length; at += maxFrame) pieces.push(bytes.subarray(at, at + maxFrame));
	return pieces;
}
