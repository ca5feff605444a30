// `npm run bench`: one line per goal. Peers have their own package in tests/bench, so that the main install stays small.
import { existsSync, statSync } from 'node:fs';
import { run } from './run.mjs';

const entry = 'tests/bench/run.mjs';
const lock = 'tests/bench/package-lock.json';
const installed = 'tests/bench/node_modules/.package-lock.json';

if (!existsSync(entry)) {
	console.log('There is nothing to measure yet: tests/bench/run.mjs is missing.');
} else {
	const isStale =
		existsSync(lock) && (!existsSync(installed) || statSync(installed).mtimeMs < statSync(lock).mtimeMs);
	if (isStale) {
		console.log('Installing the peers to compare with…');
		const { code, output } = await run('npm', ['ci', '--prefix', 'tests/bench', '--no-fund', '--no-audit'], {
			capture: true
		});
		if (code !== 0)
			console.error(`The peers could not be installed; their lines will be missing.\n${output}`);
	}
	const { code } = await run(process.execPath, [entry, ...process.argv.slice(2)]);
	process.exitCode = code;
}
