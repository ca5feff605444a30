/**
 * P8: an answer of 50 kB in 2,000 deltas. Time of the page's main thread, layout included, from the browser's own
 * counters; each run in a fresh page.
 */

import { chromium, type Browser } from 'playwright';
import { findChromium } from '../../scripts/chromium.mjs';
import { median, mustEqual, type Line } from './measure';
import { servePage } from './page-server';

const rounds = 3;

interface Run {
	readonly ms: number;
	readonly text: string;
	readonly longTasks: readonly number[];
}

export async function bench(): Promise<Line[]> {
	const { origin, close } = await servePage('tests/bench/p8-page.ts', 'p8');
	const executablePath = findChromium();
	const browser = await chromium.launch({
		...(executablePath === null ? {} : { executablePath }),
		args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--no-first-run']
	});
	const runs = new Map<string, Run[]>();
	try {
		for (let round = 0; round < rounds; round++) {
			for (const name of ['plain text', 'ours', 'svelte-streamdown', 'marked + DOMPurify']) {
				// Half a minute each: once is enough to tell fifty times from four.
				if (name.startsWith('marked') && round > 0) continue;
				const result = await measured(browser, origin, name);
				runs.set(name, [...(runs.get(name) ?? []), result]);
			}
		}
	} finally {
		await browser.close();
		close();
	}
	const texts = (name: string): string => runs.get(name)?.[0]?.text ?? '';
	mustEqual('text of ours and of marked', texts('marked + DOMPurify'), texts('ours'));
	const longestOf = (name: string): number =>
		Math.max(0, ...(runs.get(name) ?? []).flatMap((run) => run.longTasks));
	const longest = longestOf('ours');
	/** Where showing plain text takes that long, it is the machine. */
	const isBusy = longestOf('plain text') > 50;
	for (const [name, list] of runs) {
		const tasks = list.flatMap((run) => run.longTasks);
		console.log(
			`      ${name}: ${list.map(({ ms }) => ms.toFixed(0)).join(', ')} ms; tasks over 50 ms: ${String(tasks.length)}, longest ${String(Math.max(0, ...tasks))}`
		);
	}
	const line = (other: string, as: 'cost' | 'speed', goal: Line['goal']): Line => {
		const ours = (runs.get('ours') ?? []).map(({ ms }) => ms);
		const theirs = (runs.get(other) ?? []).map(({ ms }) => ms);
		const ratios = theirs.map((ms, round) => {
			const mine = ours[round] ?? Number.NaN;
			return as === 'cost' ? mine / ms : ms / mine;
		});
		return {
			id: 'P8',
			what: 'Markdown while it streams, main thread',
			ours: median(ours),
			other: { name: other, value: median(theirs) },
			unit: 'ms',
			ratio: [median(ratios), Math.min(...ratios), Math.max(...ratios)],
			...(goal === undefined ? {} : { goal })
		};
	};
	return [
		line('plain text', 'cost', { is: 'at most', value: 2 }),
		line('svelte-streamdown', 'speed', { is: 'at least', value: 3.5 }),
		line('marked + DOMPurify', 'speed', { is: 'at least', value: 50 }),
		{
			id: 'P8',
			what: isBusy ? 'longest task, on a machine too busy to tell' : 'longest task',
			ours: longest,
			other: { name: 'limit', value: 50 },
			unit: 'ms',
			ratio: [longest / 50, longest / 50, longest / 50],
			...(isBusy ? {} : { goal: { is: 'at most', value: 1 } as const })
		}
	];
}

async function measured(browser: Browser, address: string, name: string): Promise<Run> {
	const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
	page.on('pageerror', (error) => console.log(`      ${name}: ${error.message}`));
	await page.goto(address);
	await page.waitForFunction(() => 'run' in window);
	const devtools = await page.context().newCDPSession(page);
	// The thread's own time: other processes of a busy machine do not count.
	await devtools.send('Performance.enable', { timeDomain: 'threadTicks' });
	const taskMs = async (): Promise<number> => {
		const { metrics } = await devtools.send('Performance.getMetrics');
		return 1000 * (metrics.find((metric) => metric.name === 'TaskDuration')?.value ?? Number.NaN);
	};
	const before = await taskMs();
	const outcome = (await page.evaluate(`run(${JSON.stringify(name)})`)) as Omit<Run, 'ms'>;
	const ms = (await taskMs()) - before;
	await page.close();
	return { ms, ...outcome };
}
