import { defineConfig } from '@playwright/test';
import { findChromium } from './scripts/chromium.mjs';

const executablePath = findChromium();

// The real Worker and a model server stand behind every test: tests/e2e/fixtures.ts.
export default defineConfig({
	testDir: 'tests',
	testMatch: ['e2e/**/*.spec.ts', 'faults/**/*.spec.ts'],
	outputDir: 'test-results',
	timeout: 60_000,
	expect: { timeout: 10_000 },
	fullyParallel: false,
	workers: Number(process.env.WHERRY_E2E_WORKERS ?? 2),
	// A test that passes at the second try has failed: what it found is in the product or in the test.
	retries: 0,
	forbidOnly: true,
	reporter: [['list']],
	use: {
		browserName: 'chromium',
		locale: 'en-GB',
		timezoneId: 'Europe/Berlin',
		// Recording every step of every test costs a fifth of the run: WHERRY_TRACE=1 where one has to be understood.
		trace: process.env.WHERRY_TRACE === '1' ? 'retain-on-failure' : 'off',
		screenshot: 'only-on-failure',
		launchOptions: {
			...(executablePath === null ? {} : { executablePath }),
			args: [
				'--no-sandbox',
				'--disable-gpu',
				'--disable-quic',
				'--no-first-run',
				'--disable-background-networking',
				'--disable-component-update',
				'--disable-sync'
			]
		}
	},
	projects: [
		{ name: 'desktop', use: { viewport: { width: 1280, height: 800 } } },
		{
			name: 'phone',
			grep: /@phone/,
			use: { viewport: { width: 375, height: 812 }, hasTouch: true, isMobile: true }
		}
	]
});
