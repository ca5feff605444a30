// Finds a Chromium to test with. Used by setup (which installs one if there is none) and by Playwright's config.
import { existsSync, readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

const systemPaths = [
	'/usr/bin/chromium',
	'/usr/bin/chromium-browser',
	'/usr/bin/google-chrome',
	'/usr/bin/google-chrome-stable',
	'/opt/google/chrome/chrome',
	'/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
	'/Applications/Chromium.app/Contents/MacOS/Chromium'
];

const insideDownload = [
	'chrome-linux64/chrome',
	'chrome-linux/chrome',
	'chrome-mac-arm64/Google Chrome for Testing.app/Contents/MacOS/Google Chrome for Testing',
	'chrome-mac-x64/Google Chrome for Testing.app/Contents/MacOS/Google Chrome for Testing',
	'chrome-mac/Chromium.app/Contents/MacOS/Chromium'
];

/**
 * The path of a Chromium, or null. `CHROMIUM_PATH` wins, even where nothing is there:
 * who sets it wants to hear that it is wrong.
 * @returns {string | null}
 */
export function findChromium() {
	const asked = process.env.CHROMIUM_PATH;
	if (asked) return asked;
	return systemPaths.find((path) => existsSync(path)) ?? playwrightDownload();
}

function playwrightDownload() {
	const asked = process.env.PLAYWRIGHT_BROWSERS_PATH;
	const caches = asked
		? [asked]
		: [join(homedir(), '.cache/ms-playwright'), join(homedir(), 'Library/Caches/ms-playwright')];
	for (const cache of caches.filter((path) => existsSync(path))) {
		const newestFirst = readdirSync(cache)
			.filter((name) => /^chromium-\d+$/.test(name))
			.sort((a, b) => Number(b.slice(9)) - Number(a.slice(9)));
		for (const name of newestFirst) {
			const found = insideDownload.map((path) => join(cache, name, path)).find((path) => existsSync(path));
			if (found) return found;
		}
	}
	return null;
}
