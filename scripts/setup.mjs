// Installs what is missing: the packages and, with --browser, a Chromium. Runs on the Node that the
// machine has (20 or newer) before anything is installed, so it uses Node built-ins only.
import { existsSync, statSync, symlinkSync, utimesSync } from 'node:fs';
import { findChromium } from './chromium.mjs';
import { run } from './run.mjs';

const installed = 'node_modules/.package-lock.json';

function packagesAreFresh() {
	if (!existsSync(installed)) return false;
	return statSync(installed).mtimeMs >= statSync('package-lock.json').mtimeMs;
}

async function installPackages() {
	if (packagesAreFresh()) return;
	console.log('Installing packages (npm ci)…');
	const { code, output } = await run('npm', ['ci', '--no-fund', '--no-audit', '--loglevel=error'], {
		capture: true
	});
	if (code !== 0) throw new Error(`npm ci failed with code ${code}\n${output}`);
	// npm may keep an older time on its own record; a fresh one says "installed from this lockfile".
	const now = new Date();
	if (existsSync(installed)) utimesSync(installed, now, now);
}

/** npm 10, which comes with Node 20, installs the package but not its link: then each script would run on the old Node. */
function linkNode() {
	const packaged = `node-linux-${process.arch}/bin/node`;
	const link = 'node_modules/.bin/node';
	if (existsSync(link) || !existsSync(`node_modules/${packaged}`)) return;
	symlinkSync(`../${packaged}`, link);
}

const runs = async (/** @type {string} */ path) =>
	(await run(path, ['--version'], { capture: true })).code === 0;

/** A distribution's package is not enough: on some, `chromium` is a stub that asks for another installer. */
async function installChromium() {
	const found = findChromium();
	if (found && (await runs(found))) return;
	if (process.env.CHROMIUM_PATH) throw new Error(`CHROMIUM_PATH names nothing that runs: ${found}`);

	if (process.getuid?.() === 0 && existsSync('/usr/bin/apt-get')) {
		console.log('Installing Chromium (apt-get)…');
		const env = { DEBIAN_FRONTEND: 'noninteractive' };
		await run('apt-get', ['update', '-q'], { capture: true, env });
		await run('apt-get', ['install', '-y', '-q', '--no-install-recommends', 'chromium'], {
			capture: true,
			env
		});
		const fromApt = findChromium();
		if (fromApt && (await runs(fromApt))) return;
	}

	console.log('Installing Chromium (Playwright)…');
	const { code, output } = await run('npx', ['playwright', 'install', 'chromium'], { capture: true });
	const fromPlaywright = findChromium();
	if (code === 0 && fromPlaywright && (await runs(fromPlaywright))) return;
	throw new Error(`No Chromium was found and none could be installed. Set CHROMIUM_PATH.\n${output}`);
}

try {
	await installPackages();
	linkNode();
	if (process.argv.includes('--browser')) await installChromium();
} catch (error) {
	console.error(error instanceof Error ? error.message : error);
	// The closing line that whoever runs the tests looks for.
	if (process.argv.includes('--browser')) console.log('0 passed, 1 failed');
	process.exitCode = 1;
}
