/**
 * P9: a session of 5,000 messages in the built app, in a real browser: opened from the list, then typed and
 * scrolled in while an answer streams. Against the same messages in one plain list.
 */

import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { chromium, type Page } from 'playwright';
import { findChromium } from '../../scripts/chromium.mjs';
import { allUpstreams, serveWorker } from '../e2e/served-worker';
import { asExport, lastWords, longSession, sessionTitle } from './long-session';
import { median, type Line } from './measure';
import { servePage } from './page-server';

const opens = 5;
const shortTitle = 'Sixty messages';
const streamedDeltas = 1_200;

export async function bench(): Promise<Line[]> {
	const upstream = await startModel();
	const { port } = upstream.address() as AddressInfo;
	const served = await serveWorker({
		RELAY_UPSTREAMS: allUpstreams(`http://127.0.0.1:${String(port)}`),
		RELAY_RATE_LIMIT: '0',
		ANTHROPIC_API_KEY: 'sk-ant-bench'
	});
	const plainPages = await servePage('tests/bench/p9-page.ts', 'p9');
	const executablePath = findChromium();
	const browser = await chromium.launch({
		...(executablePath === null ? {} : { executablePath }),
		args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--no-first-run']
	});
	try {
		const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
		await page.goto(`${served.origin}/settings`);
		await page.locator('html[data-ready="true"]').waitFor();
		await importFile(page, asExport(longSession(60), shortTitle));
		await importFile(page, asExport(longSession(), sessionTitle));
		await page.goto(`${served.origin}/`);
		await page.locator('html[data-ready="true"]').waitFor();
		await openFromList(page, shortTitle);
		const fewNodes = await countNodes(page);
		const times: number[] = [];
		for (let i = 0; i < opens; i++) {
			times.push(await openFromList(page, sessionTitle));
			if (i < opens - 1) await openFromList(page, shortTitle);
		}
		const manyNodes = await countNodes(page);
		const frames = await useWhileStreaming(page);

		const plain = await browser.newPage({ viewport: { width: 1280, height: 800 } });
		const plainTimes: number[] = [];
		let plainNodes = 0;
		for (let i = 0; i < 3; i++) {
			await plain.goto(plainPages.origin);
			await plain.waitForFunction(() => 'open9' in window);
			const { ms, nodes } = (await plain.evaluate('open9()')) as { ms: number; nodes: number };
			plainTimes.push(ms);
			plainNodes = nodes;
		}
		console.log(
			`      opened in ${times.map((ms) => ms.toFixed(0)).join(', ')} ms (the first reads the store); plain list ${plainTimes.map((ms) => ms.toFixed(0)).join(', ')} ms`
		);
		console.log(
			`      while streaming: ${String(frames.count)} frames, p50 ${frames.middle.toFixed(1)} ms, over 50 ms: ${String(frames.slow)}, longest ${frames.longest.toFixed(0)} ms; long tasks ${JSON.stringify(frames.tasks)}; a key shows after ${frames.key.toFixed(1)} ms`
		);
		const line = (what: string, ours: number, other: Line['other'], unit: string, goal?: number): Line => {
			const ratio = ours / other.value;
			return {
				id: 'P9',
				what,
				ours,
				other,
				unit,
				ratio: [ratio, ratio, ratio],
				...(goal === undefined ? {} : { goal: { is: 'at most', value: goal } as const })
			};
		};
		const [first = Number.NaN] = times;
		return [
			line('first open of 5,000 messages', first, { name: 'limit', value: 300 }, 'ms', 1),
			line(
				'open of 5,000 messages',
				median(times),
				{ name: 'plain list', value: median(plainTimes) },
				'ms',
				0.1
			),
			line('longest frame in use', frames.longest, { name: 'limit', value: 50 }, 'ms', 1),
			line('DOM nodes', manyNodes, { name: 'with 60 messages', value: fewNodes }, '', 1.25),
			line('DOM nodes', manyNodes, { name: 'plain list', value: plainNodes }, '')
		];
	} finally {
		await browser.close();
		await served.stop();
		plainPages.close();
		upstream.closeAllConnections();
		upstream.close();
	}
}

async function importFile(page: Page, text: string): Promise<void> {
	const before = await page.getByRole('status').allInnerTexts();
	await page
		.locator('input[type=file]')
		.setInputFiles({ name: 'session.jsonl', mimeType: 'application/x-ndjson', buffer: Buffer.from(text) });
	await page.waitForFunction(
		(old) =>
			JSON.stringify([...document.querySelectorAll('[role=status]')].map((one) => one.textContent)) !== old,
		JSON.stringify(before),
		{ timeout: 60_000 }
	);
	await page.waitForTimeout(1_500);
}

/** Milliseconds from the click to the frame that shows the last message. */
async function openFromList(page: Page, title: string): Promise<number> {
	await page.getByRole('link', { name: title }).first().waitFor();
	const ms = await page.evaluate(
		async ({ title, lastWords }) => {
			const link = [...document.querySelectorAll('a')].find((one) => one.textContent.includes(title));
			const heading = (): boolean => (document.querySelector('main')?.textContent ?? '').includes(title);
			const start = performance.now();
			link?.click();
			for (;;) {
				await new Promise((done) => requestAnimationFrame(done));
				const shown = [...document.querySelectorAll('[role=feed] [role=article], [role=feed] article')].at(
					-1
				);
				if (heading() && location.pathname !== '/' && shown?.textContent.includes(lastWords) === true) break;
				if (performance.now() - start > 20_000) throw new Error(`${title} did not open`);
			}
			return performance.now() - start;
		},
		{ title, lastWords }
	);
	await page.waitForTimeout(700);
	return ms;
}

const countNodes = (page: Page): Promise<number> =>
	page.evaluate(() => document.querySelectorAll('*').length);

interface Frames {
	readonly count: number;
	readonly middle: number;
	readonly longest: number;
	readonly slow: number;
	readonly tasks: readonly number[];
	/** From the key to the frame after it. */
	readonly key: number;
}

async function useWhileStreaming(page: Page): Promise<Frames> {
	const message = page.getByRole('textbox', { name: 'Message', exact: true });
	await message.fill('Say a lot.');
	await page.getByRole('button', { name: 'Send', exact: true }).click();
	await page.locator('html[data-turn="running"]').waitFor({ timeout: 20_000 });
	await page.evaluate(() => {
		const seen = { frames: [] as number[], keys: [] as number[], tasks: [] as number[], isOver: false };
		Object.assign(window, { seen });
		let last = performance.now();
		const frame = (now: number): void => {
			seen.frames.push(now - last);
			last = now;
			if (!seen.isOver) requestAnimationFrame(frame);
		};
		requestAnimationFrame(frame);
		new PerformanceObserver((list) => {
			for (const { duration } of list.getEntries()) seen.tasks.push(Math.round(duration));
		}).observe({ type: 'longtask' });
		addEventListener(
			'keydown',
			() => {
				const start = performance.now();
				requestAnimationFrame(() => seen.keys.push(performance.now() - start));
			},
			{ capture: true }
		);
	});
	await message.pressSequentially('typed while it streams, and typed on and on', { delay: 40 });
	await page.getByRole('feed').hover();
	for (let i = 0; i < 40; i++) {
		await page.mouse.wheel(0, i < 25 ? -900 : 900);
		await page.waitForTimeout(50);
	}
	const { frames, keys, tasks } = (await page.evaluate(() => {
		const { seen } = window as unknown as { seen: { isOver: boolean } };
		seen.isOver = true;
		return seen;
	})) as unknown as { frames: number[]; keys: number[]; tasks: number[] };
	return {
		count: frames.length,
		middle: median(frames),
		longest: Math.max(...frames),
		slow: frames.filter((ms) => ms > 50).length,
		tasks,
		key: median(keys)
	};
}

/** Answers every request with the same long answer, a hundred deltas a second. */
async function startModel(): Promise<Server> {
	const server = createServer((request, response) => {
		request.resume();
		response.writeHead(200, { 'content-type': 'text/event-stream' });
		const write = (event: Record<string, unknown>): void => {
			response.write(`event: ${String(event['type'])}\ndata: ${JSON.stringify(event)}\n\n`);
		};
		write({
			type: 'message_start',
			message: {
				id: 'm',
				type: 'message',
				role: 'assistant',
				model: 'm',
				content: [],
				usage: { input_tokens: 1, output_tokens: 1 }
			}
		});
		write({ type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } });
		speak(response, write);
	});
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	return server;
}

function speak(response: ServerResponse, write: (event: Record<string, unknown>) => void): void {
	let said = 0;
	const timer = setInterval(() => {
		const text = said % 30 === 29 ? '.\n\n' : said % 7 === 0 ? '**words** ' : 'words upon words ';
		write({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } });
		if (++said < streamedDeltas && !response.destroyed) return;
		clearInterval(timer);
		write({ type: 'content_block_stop', index: 0 });
		write({ type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: said } });
		write({ type: 'message_stop' });
		response.end();
	}, 10);
}
