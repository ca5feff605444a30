/** A body from elsewhere on its way to the caller: counted, cut off at its cap, ended where nothing comes any more. */

import { AppError } from '../wire/errors';

export interface Watch {
	/** After decompression. Past it the stream fails: nobody takes half a page for a whole one. */
	readonly bytes: number;
	/** Longest silence; default: any. */
	readonly msIdle?: number;
	/** Once, however it ended. @param seen bytes that came */
	readonly onEnd?: (seen: number) => void;
}

export function watchedBody(
	body: ReadableStream<Uint8Array>,
	{ bytes, msIdle, onEnd }: Watch
): ReadableStream<Uint8Array> {
	const reader = body.getReader();
	let seen = 0;
	let isOver = false;
	const end = (): void => {
		if (!isOver) onEnd?.(seen);
		isOver = true;
	};
	/** Not `pipeTo` with a signal: in workerd that waits for the read that never ends. */
	async function pull(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
		let timer: ReturnType<typeof setTimeout> | undefined;
		const fail = (error: unknown): void => {
			if (isOver) return;
			end();
			controller.error(error);
			// Closes the connection to whoever sent it. It may have failed by itself already.
			void reader.cancel().catch(() => undefined);
		};
		if (msIdle !== undefined)
			timer = setTimeout(() => fail(new AppError('fetch/timeout', { data: { code: 'idle' } })), msIdle);
		try {
			const { done, value } = await reader.read();
			if (isOver) return;
			if (done) {
				end();
				controller.close();
				return;
			}
			seen += value.byteLength;
			if (seen > bytes) fail(tooLarge(bytes));
			else controller.enqueue(value);
		} catch (thrown) {
			fail(thrown);
		} finally {
			clearTimeout(timer);
		}
	}
	return new ReadableStream<Uint8Array>(
		{
			pull,
			async cancel(reason) {
				end();
				await reader.cancel(reason);
			}
		},
		{ highWaterMark: 0 }
	);
}

export function tooLarge(limit: number): AppError {
	return new AppError('fetch/too-large', { data: { code: 'too-large', limit } });
}
