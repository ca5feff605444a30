/** A page of a benchmark, with Svelte components and workers as the app has them, on an address of its own. */

import { svelte } from '@sveltejs/vite-plugin-svelte';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import { build } from 'vite';

const types: Record<string, string> = { '.js': 'text/javascript', '.css': 'text/css' };

export async function servePage(entry: string, name: string): Promise<{ origin: string; close(): void }> {
	const root = process.cwd();
	const folder = join(root, 'tests/bench/node_modules/.bench', name);
	await build({
		root: join(root, 'tests/bench'),
		configFile: false,
		logLevel: 'error',
		plugins: [svelte({ configFile: false })],
		resolve: { dedupe: ['svelte'] },
		worker: { format: 'es' },
		build: {
			outDir: folder,
			emptyOutDir: true,
			modulePreload: false,
			rolldownOptions: { input: join(root, entry), output: { entryFileNames: 'page.js' } }
		}
	});
	const page = `<!doctype html><meta charset="utf-8"><title>${name}</title><script type="module" src="/page.js"></script>`;
	const server = createServer((request, response) => {
		const { pathname } = new URL(request.url ?? '/', 'http://localhost');
		try {
			const body = pathname === '/' ? page : readFileSync(join(folder, pathname));
			response.writeHead(200, { 'content-type': types[extname(pathname)] ?? 'text/html' }).end(body);
		} catch {
			response.writeHead(404).end();
		}
	});
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	const { port } = server.address() as AddressInfo;
	return { origin: `http://127.0.0.1:${String(port)}/`, close: () => server.close() };
}
