/**
 * The Worker in a bare workerd, and whatever address somebody can think of: nothing on this machine is ever
 * connected to, by our own guard and, past it, by the runtime's network. And an MCP server through all of it.
 */

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sampled, seeded } from '../../src/lib/edge/ssrf-urls.fixture';
import { startCanaries, type Canaries } from '../edge/canaries';
import { protocolVersion, startMcpServer } from '../edge/mcp-server';
import { serveRaw, type RawWorkerd } from '../edge/raw-workerd';

const seed = Number(process.env['WHERRY_SEED'] ?? Date.now() % 1_000_000);
const statuses = [301, 302, 303, 307, 308];
const own = { 'x-wherry': '1', 'cf-connecting-ip': '127.0.0.1', 'content-type': 'application/json' };

let canaries: Canaries;
let mcp: Awaited<ReturnType<typeof startMcpServer>>;
let raw: RawWorkerd;
beforeAll(async () => {
	canaries = await startCanaries();
	mcp = await startMcpServer();
	raw = await serveRaw({ mcp: mcp.origin });
}, 60_000);
afterAll(async () => {
	canaries.close();
	await raw.stop();
	await mcp.close();
});

/** The id of the error, or `passed`. */
async function read(url: string): Promise<string> {
	const body = JSON.stringify({ url });
	const response = await fetch(`${raw.origin}/api/fetch`, { method: 'POST', headers: own, body });
	const text = await response.text();
	return response.ok ? `passed: ${text.slice(0, 80)}` : (response.headers.get('x-wherry-error') ?? text);
}

async function each<T>(list: readonly T[], act: (one: T, at: number) => Promise<void>): Promise<void> {
	let next = 0;
	const work = async (): Promise<void> => {
		for (let at = next++; at < list.length; at = next++) {
			const one = list[at];
			if (one !== undefined) await act(one, at);
		}
	};
	await Promise.all(Array.from({ length: 8 }, work));
}

/** Through as many redirects as given, the last of them to the address itself. */
function behind(target: string, hops: number, status: number): string {
	let url = target;
	for (let hop = 0; hop < hops; hop++)
		url = `https://hops.example.com/?status=${String(status)}&to=${encodeURIComponent(url)}`;
	return url;
}

describe(`A17 in a bare workerd nothing on this machine is ever contacted (seed ${String(seed)})`, () => {
	const urls = sampled(seeded(seed), 1000);

	test('the canaries sing when they are touched, and the network refuses every one of them by itself', async () => {
		expect(canaries.at.length).toBeGreaterThan(0);
		const direct = [
			...canaries.at,
			'https://localhost:8443/',
			mcp.origin,
			raw.origin,
			'http://169.254.169.254/'
		];
		const query = new URLSearchParams(direct.map((to) => ['to', to]));
		const reached: unknown = await (await fetch(`${raw.origin}/self-test?${query.toString()}`)).json();
		expect(reached).toEqual([]);
		expect(await canaries.touched()).toBe(0);
	});

	test('a thousand addresses: asked for directly, and behind one to five redirects', async () => {
		expect(new Set(urls).size).toBe(1000);
		const passed: string[] = [];
		await each(urls, async (url, at) => {
			const direct = await read(url);
			if (direct.startsWith('passed')) passed.push(`${url} ${direct}`);
			// An address may be too long for its redirects: what is left of it is asked for then.
			const chain = behind(url, 1 + (at % 3), statuses[at % statuses.length] ?? 302);
			const redirected = chain.length > 2048 ? behind(url, 1, 307) : chain;
			const after = await read(redirected);
			if (after.startsWith('passed')) passed.push(`${redirected} ${after}`);
		});
		expect(passed).toEqual([]);
		expect(await canaries.touched()).toBe(0);
	});

	test('a name that is public when it is looked up, and is this machine when it is connected to', async () => {
		const targets = [...canaries.at, 'https://localhost:8443/', 'https://[::ffff:127.0.0.1]:8443/'];
		const answers: string[] = [];
		await each(targets, async (at) => {
			const url = `https://rebound.example.com/?at=${encodeURIComponent(at)}`;
			answers.push(await read(url), await read(behind(url, 1, 302)));
		});
		// The runtime says no in its own words: what the page "answers" is that nothing could be reached.
		expect(answers.filter((one) => !/^passed: Error: internal error/.test(one))).toEqual([]);
		expect(await canaries.touched()).toBe(0);
	});
});

describe('A18 an MCP server in a bare workerd', () => {
	const call = (method: string, id: number) => JSON.stringify({ jsonrpc: '2.0', method, id });

	test('named at this machine, it answers through the guard, and its events one by one', async () => {
		const named = await fetch(`${raw.origin}/api/mcp-servers`, {
			method: 'PUT',
			headers: own,
			body: JSON.stringify({ url: 'https://mcp.example.com/mcp' })
		});
		if (!named.ok) throw new Error(await named.text());
		const { data } = (await named.json()) as unknown as { data: { id: string } };
		const at = `${raw.origin}/api/mcp-relay/${data.id}`;
		const started = await fetch(at, { method: 'POST', headers: own, body: call('initialize', 1) });
		expect(started.status).toBe(200);
		const session = started.headers.get('mcp-session-id') ?? '';
		const headers = { ...own, 'mcp-session-id': session, 'mcp-protocol-version': protocolVersion };
		const slow = await fetch(at, {
			method: 'POST',
			headers: { ...headers, 'x-wait': '1' },
			body: call('tools/call', 2)
		});
		const reader = slow.body?.pipeThrough(new TextDecoderStream()).getReader();
		expect((await reader?.read())?.value).toContain('progress');
		await fetch(`${mcp.origin}/_/read`);
		expect((await reader?.read())?.value).toContain('done');
		expect((await fetch(at, { method: 'DELETE', headers })).status).toBe(204);
	});
});
