/* global Worker */
// One benchmark in a real Chromium: a page on a secure, isolated origin (finer timers) starts the bundle as a
// module worker, where the agent lives too, and hands back the lines. A bench that measures the way between
// worker and page says so: then its own module runs in the page.
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { chromium } from 'playwright';
import { findChromium } from '../../scripts/chromium.mjs';

const workerStart = `
	const { bench } = await import(location.hash.slice(1));
	try { postMessage({ lines: await bench() }); }
	catch (error) { postMessage({ error: String(error?.stack ?? error) }); }
`;
const type = { '.mjs': 'text/javascript', '.js': 'text/javascript', '/': 'text/html' };

export async function runInChromium(createServer, folder, bench) {
	const server = createServer((request, response) => {
		const { pathname } = new URL(request.url ?? '/', 'http://localhost');
		const headers = {
			'cross-origin-opener-policy': 'same-origin',
			'cross-origin-embedder-policy': 'require-corp',
			'cache-control': 'no-store'
		};
		try {
			const body =
				pathname === '/'
					? '<!doctype html><link rel="icon" href="data:,"><title>bench</title>'
					: pathname === '/start.js'
						? workerStart
						: readFileSync(join(folder, basename(pathname)));
			const kind = pathname === '/' ? type['/'] : type['.mjs'];
			response.writeHead(200, { ...headers, 'content-type': kind }).end(body);
		} catch {
			response.writeHead(404, headers).end();
		}
	});
	await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
	const { port } = server.address();
	const executablePath = findChromium();
	const browser = await chromium.launch({
		...(executablePath === null ? {} : { executablePath }),
		args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--no-first-run']
	});
	try {
		const page = await browser.newPage();
		page.on('console', (message) => console.log(`      ${message.text()}`));
		await page.goto(`http://127.0.0.1:${port}/`);
		const module = `/${bench.file.replace(/\.ts$/, '.mjs')}`;
		const answer = await page.evaluate(
			async ({ module, isInPage }) => {
				if (isInPage) return { lines: await (await import(module)).bench() };
				return await new Promise((resolve, reject) => {
					const worker = new Worker(`/start.js#${module}`, { type: 'module' });
					worker.onmessage = ({ data }) => resolve(data);
					worker.onerror = (event) => reject(new Error(event.message));
				});
			},
			{ module, isInPage: bench.page !== undefined }
		);
		if (answer.error !== undefined) throw new Error(answer.error);
		return answer.lines;
	} finally {
		await browser.close();
		server.close();
	}
}
