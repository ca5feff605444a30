// The sets of tests and how each says its counts: vitest's projects, and Playwright.
import { testStep } from './steps.mjs';

const vitest = (/** @type {string} */ name, /** @type {readonly string[]} */ args) =>
	testStep({
		name,
		command: 'vitest',
		args: (report) => ['run', ...args, '--reporter=dot', '--reporter=json', `--outputFile.json=${report}`],
		read: (report) => ({
			passed: report.numPassedTests,
			// A file that cannot even be loaded has no tests to fail.
			failed:
				report.numFailedTests +
				report.testResults.filter(
					(/** @type {any} */ file) => file.status === 'failed' && file.assertionResults.length === 0
				).length,
			skipped: report.numPendingTests + report.numTodoTests
		})
	});

/** Unit and contract tests, in Node; `faults` too where asked. */
export const nodeTests = ({ faults = false } = {}) =>
	vitest(faults ? 'unit, contract and fault tests' : 'unit and contract tests', [
		'--project=node',
		...(faults ? [] : ['--exclude=tests/faults/**'])
	]);

/** Durable Objects and endpoints, in workerd; no build needed. */
export const edgeTests = () => vitest('edge tests', ['--project=workerd']);

/** The official SDKs against the built Worker. */
export const builtTests = () => vitest('SDK tests', ['--project=built']);

export const endToEndTests = (/** @type {readonly string[]} */ args = []) =>
	testStep({
		name: 'end-to-end tests',
		command: 'playwright',
		args: () => ['test', '--reporter=list,json', ...args],
		env: (report) => ({ PLAYWRIGHT_JSON_OUTPUT_NAME: report, FORCE_COLOR: '0' }),
		read: ({ stats, errors }) => ({
			passed: stats.expected,
			failed: stats.unexpected + stats.flaky + errors.length,
			skipped: stats.skipped
		})
	});
