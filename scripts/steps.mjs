// Runs named steps side by side, prints what failed, and counts. A step that is not a test counts only when it fails.
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { run } from './run.mjs';

/**
 * @typedef {{passed: number, failed: number, skipped: number}} Counts
 * @typedef {{ok: boolean, output: string, counts?: Counts}} Outcome
 * @typedef {{name: string, run: () => Promise<Outcome>}} Step
 */

const reports = '.svelte-kit/reports';

/**
 * @param {string} name
 * @param {string} command
 * @param {readonly string[]} args
 * @returns {Step}
 */
export function commandStep(name, command, args) {
	return {
		name,
		run: async () => {
			const { code, output } = await run(command, args, { capture: true });
			return { ok: code === 0, output };
		}
	};
}

/**
 * A step that is a set of tests whose tool writes a JSON report, which `read` turns into counts.
 * @param {{name: string, command: string, args: (report: string) => readonly string[], env?: (report: string) => Record<string, string>, read: (report: any) => Counts}} options
 * @returns {Step}
 */
export function testStep({ name, command, args, env, read }) {
	return {
		name,
		run: async () => {
			mkdirSync(reports, { recursive: true });
			const report = `${reports}/${name.replaceAll(/\W+/g, '-')}.json`;
			rmSync(report, { force: true });
			const { code, output } = await run(command, args(report), { capture: true, env: env?.(report) ?? {} });
			const counts = countsOf(report, read);
			// It failed, but no test says so: it crashed, or something was thrown outside of a test.
			if (code !== 0 && counts.failed === 0) counts.failed = 1;
			return { ok: counts.failed === 0, output, counts };
		}
	};
}

function countsOf(/** @type {string} */ report, /** @type {(report: any) => Counts} */ read) {
	try {
		return read(JSON.parse(readFileSync(report, 'utf8')));
	} catch {
		return { passed: 0, failed: 1, skipped: 0 };
	}
}

/**
 * Runs the steps, `lanes` at a time, in order of the list.
 * @param {readonly Step[]} steps
 * @param {number} [lanes]
 * @returns {Promise<Counts>}
 */
export async function runSteps(steps, lanes = 1) {
	const waiting = [...steps];
	const sum = { passed: 0, failed: 0, skipped: 0 };
	const lane = async () => {
		for (let step = waiting.shift(); step; step = waiting.shift()) add(sum, await runStep(step));
	};
	await Promise.all(Array.from({ length: lanes }, lane));
	return sum;
}

async function runStep(/** @type {Step} */ step) {
	const start = performance.now();
	const outcome = await step.run();
	const seconds = ((performance.now() - start) / 1000).toFixed(1);
	const counts = outcome.counts ?? { passed: 0, failed: outcome.ok ? 0 : 1, skipped: 0 };
	const figures = outcome.counts ? ` · ${describe(counts)}` : '';
	console.log(`${outcome.ok ? 'ok    ' : 'FAILED'} ${step.name} (${seconds} s)${figures}`);
	const shown = outcome.ok ? printedLines(outcome.output) : outcome.output;
	if (shown.trim() !== '') console.log(shown.trimEnd().replaceAll(/^/gm, '    '));
	return counts;
}

/** Of a green step, only what it was asked to say: lines that begin with a mark of ours. */
function printedLines(/** @type {string} */ output) {
	return output
		.split('\n')
		.filter((line) => /^\s*(skipped:|seed:|size:|note:)/.test(line))
		.join('\n');
}

/** @param {Counts} sum @param {Counts} more */
export function add(sum, more) {
	sum.passed += more.passed;
	sum.failed += more.failed;
	sum.skipped += more.skipped;
}

/** The closing line. @param {Counts} counts */
export function describe({ passed, failed, skipped }) {
	return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}
