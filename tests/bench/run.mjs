// Runs the benchmarks and prints one line per goal: ours, the other, the ratio, the goal. `npm run bench -- P5 P7`
// runs only these. Reports, never gates: a missed goal is a line, only a wrong result or a crash fails.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import { runInChromium } from './in-chromium.mjs';
import { formatLine } from './format.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));
/** Inside node_modules, so that what is bundled finds the peers and nobody lints it; two runs at once keep apart. */
const out = `${here}node_modules/.bench-${process.pid}`;

/** Which file answers which goals, and where it runs. A file may run in both places. */
const benches = [
	{ goals: ['P1'], file: 'p1-loop.ts', where: 'node' },
	{ goals: ['P1'], file: 'p1-loop-worker.ts', where: 'chromium' },
	{ goals: ['P2'], file: 'p2-from-bytes.ts', where: 'node' },
	{ goals: ['P3'], file: 'p3-sse.ts', where: 'node' },
	{ goals: ['P4'], file: 'p4-page.ts', where: 'chromium', page: 'p4-worker.ts' },
	{ goals: ['P5'], file: 'p5-storage.ts', where: 'chromium' },
	{ goals: ['P6'], file: 'p6-journal.ts', where: 'chromium' },
	{ goals: ['P7'], file: 'p7-search.ts', where: 'node' },
	{ goals: ['P8'], file: 'p8-markdown.ts', where: 'node' },
	{ goals: ['P9'], file: 'p9-long-session.ts', where: 'node' },
	{ goals: ['P10'], file: 'p10-size.ts', where: 'node' },
	{ goals: ['P11'], file: 'p11-relay.ts', where: 'node' },
	{ goals: ['P12'], file: 'p12-hub.ts', where: 'node' },
	{ goals: ['P13'], file: 'p13-resume.ts', where: 'node' },
	{ goals: ['P14'], file: 'p14-sync.ts', where: 'node' },
	{ goals: ['P15'], file: 'p15-share.ts', where: 'node' },
	{ goals: ['P23'], file: 'p23-cost.ts', where: 'node' }
];

const wanted = process.argv.slice(2).map((name) => name.toUpperCase());
const chosen = benches.filter(
	({ goals, file }) =>
		existsSync(here + file) && (wanted.length === 0 || goals.some((goal) => wanted.includes(goal)))
);
if (chosen.length === 0) {
	console.log(`No benchmark of that name. There are: ${benches.flatMap(({ goals }) => goals).join(' ')}`);
	process.exit(1);
}

const esbuild = await import('esbuild').catch(() => null);
if (esbuild === null) {
	console.log('The peers are missing: `npm ci` in tests/bench installs them.');
	process.exit(1);
}

/** @param {{ file: string, where: string }} bench */
async function bundle({ file, where }) {
	const outfile = `${out}/${file.replace(/\.ts$/, '.mjs')}`;
	await esbuild.build({
		entryPoints: [here + file],
		outfile,
		bundle: true,
		format: 'esm',
		target: 'es2023',
		platform: where === 'node' ? 'node' : 'browser',
		...(where === 'node' ? { packages: 'external' } : {}),
		define: where === 'node' ? {} : { 'process.env.NODE_ENV': '"production"', global: 'globalThis' },
		logLevel: 'error'
	});
	return outfile;
}

/** In a process of its own: nobody inherits another's garbage or optimised code. */
function runInNode(file) {
	return new Promise((resolve, reject) => {
		const child = spawn(process.execPath, ['--expose-gc', `${here}in-node.mjs`, file], {
			stdio: ['ignore', 'inherit', 'inherit', 'ipc']
		});
		let lines;
		child.on('message', (message) => (lines = message));
		child.on('exit', (code) =>
			lines === undefined ? reject(new Error(`it ended with ${code}`)) : resolve(lines)
		);
	});
}

process.on('exit', () => rmSync(out, { recursive: true, force: true }));
mkdirSync(out, { recursive: true });
let misses = 0;
let broken = 0;
for (const bench of chosen) {
	try {
		const file = await bundle(bench);
		if (bench.page !== undefined) await bundle({ file: bench.page, where: bench.where });
		const lines =
			bench.where === 'node' ? await runInNode(file) : await runInChromium(createServer, out, bench);
		for (const line of lines) {
			console.log(formatLine(line, bench.where));
			if (line.goal !== undefined && !formatLine.isMet(line)) misses++;
		}
	} catch (error) {
		console.log(`${bench.goals.join(' ')}  ${bench.file} did not finish: ${error?.stack ?? error}`);
		broken++;
	}
}
const failures = broken === 0 ? '' : ` ${broken} did not finish.`;
console.log(
	`${misses === 0 ? 'No goal was missed.' : `${misses} ${misses === 1 ? 'goal is' : 'goals are'} not met yet.`}${failures}`
);
process.exitCode = broken === 0 ? 0 : 1;
