import { expect, test } from 'vitest';
import { openLink } from './link';

/** Lines that let in and break at once; answers how long was waited between them. */
async function delays(lines: number, progressEach: number): Promise<readonly number[]> {
	const waited: number[] = [];
	let progress = 0;
	let opened = 0;
	const { promise: done, resolve: finish } = Promise.withResolvers<undefined>();
	const link = openLink({
		connection: {
			status: () => ({ kind: 'joined' }),
			isCurrent: () => true,
			isFull: () => false,
			progress: () => progress,
			open: () => undefined,
			received() {
				progress += progressEach;
				return Promise.resolve();
			},
			closed: () => undefined,
			send: () => Promise.resolve(),
			askKept: () => undefined,
			end: () => undefined
		},
		network: {
			isOnline: () => true,
			onChange: () => () => undefined,
			open(_address, heard) {
				opened += 1;
				if (opened > lines) finish(undefined);
				else
					setTimeout(() => {
						heard.frame('');
						setTimeout(heard.closed, 1);
					}, 1);
				return { send: () => undefined, close: () => undefined };
			}
		},
		address: 'ws://localhost',
		clock: {
			now: () => 0,
			sleep(ms) {
				// The other sleep is the ping's.
				if (ms === 30_000) return new Promise(() => undefined);
				waited.push(ms);
				return Promise.resolve();
			}
		},
		random: { float: () => 0.5, bytes: (length) => new Uint8Array(length) },
		changed: () => undefined
	});
	await done;
	link.end();
	return waited;
}

test('a line that lets in and brings nothing is opened less and less often', async () => {
	expect(await delays(5, 0)).toEqual([500, 1_000, 2_000, 4_000, 8_000]);
	expect(await delays(3, 1)).toEqual([500, 500, 500]);
});
