/** A browser of its own process group on a profile that outlives it, so that SIGKILL takes all of it at any moment. */

import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type Page } from '@playwright/test';
import { findChromium } from '../../scripts/chromium.mjs';

export interface KillableBrowser {
	readonly page: Page;
	/** SIGKILL to every process of it. Resolves when the profile can be opened again. */
	kill(): Promise<void>;
}

export interface Profile {
	start(): Promise<KillableBrowser>;
	/** Kills what runs and removes the profile. */
	remove(): Promise<void>;
}

export function createProfile(): Profile {
	const folder = mkdtempSync(join(tmpdir(), 'wherry-profile-'));
	let running: KillableBrowser | undefined;
	return {
		async start() {
			running = await start(folder);
			return running;
		},
		async remove() {
			await running?.kill();
			rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
		}
	};
}

async function start(folder: string): Promise<KillableBrowser> {
	const child = spawn(
		findChromium() ?? chromium.executablePath(),
		[
			'--headless=new',
			'--no-sandbox',
			'--disable-gpu',
			'--disable-quic',
			'--no-first-run',
			'--disable-background-networking',
			'--disable-component-update',
			'--disable-sync',
			'--disable-breakpad',
			'--password-store=basic',
			'--hide-crash-restore-bubble',
			'--lang=en-GB',
			'--window-size=1280,800',
			'--remote-debugging-port=0',
			`--user-data-dir=${folder}`,
			'about:blank'
		],
		{ detached: true, stdio: ['ignore', 'ignore', 'pipe'] }
	);
	const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
	const killGroup = (): void => {
		try {
			if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
		} catch {
			// All of it is gone already.
		}
	};
	// A run that is interrupted leaves no browser behind.
	process.once('exit', killGroup);
	const browser = await chromium.connectOverCDP(await addressOf(child.stderr, exited));
	const [context] = browser.contexts();
	if (context === undefined) throw new Error('the browser has no profile open');
	const page = context.pages()[0] ?? (await context.newPage());
	return {
		page,
		async kill() {
			killGroup();
			await exited;
			process.off('exit', killGroup);
			await browser.close().catch(() => undefined);
		}
	};
}

function addressOf(stderr: NodeJS.ReadableStream, exited: Promise<void>): Promise<string> {
	return new Promise((resolve, reject) => {
		let log = '';
		stderr.on('data', (chunk: Buffer) => {
			log += chunk.toString();
			const address = /DevTools listening on (ws:\S+)/.exec(log)?.[1];
			if (address !== undefined) resolve(address);
		});
		void exited.then(() => reject(new Error(`the browser did not start:\n${log}`)));
	});
}
