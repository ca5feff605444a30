// One numbered line a step, a sign of life in a long one, and how it ended.
import { DeployProblem } from './problems.mjs';

const signEveryMs = 10_000;

/** @param {number} count */
export function createProgress(count) {
	let number = 0;
	/**
	 * @template T
	 * @param {string} title
	 * @param {() => Promise<{value: T, note?: string}>} task
	 * @returns {Promise<T>}
	 */
	return async function step(title, task) {
		number += 1;
		const start = performance.now();
		const seconds = () => ((performance.now() - start) / 1000).toFixed(1);
		console.log(`[${number}/${count}] ${title}…`);
		const sign = setInterval(() => console.log(`      still at it (${seconds()} s)`), signEveryMs);
		try {
			const { value, note } = await task();
			console.log(`      ${note ?? 'done'} (${seconds()} s)`);
			return value;
		} finally {
			clearInterval(sign);
		}
	};
}

/** Runs a script to its end, and says what stood in the way. @param {() => Promise<void>} script */
export async function runScript(script) {
	try {
		await script();
	} catch (thrown) {
		if (!(thrown instanceof DeployProblem)) throw thrown;
		console.error(`\n✗ ${thrown.message}\n\n  What to do: ${thrown.next.replaceAll('\n', '\n  ')}`);
		if (process.env.VERBOSE && thrown.cause !== undefined) console.error(`\n${thrown.cause}`);
		process.exitCode = 1;
	}
}
