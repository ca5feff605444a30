/** Starts the upstream before the workerd tests and tells them where it is. */

import type { TestProject } from 'vitest/node';
import { startCanaries } from './canaries';
import { startMcpServer } from './mcp-server';
import { recordings, startUpstream } from './upstream';

declare module 'vitest' {
	export interface ProvidedContext {
		upstream: string;
		mcp: string;
		recordings: string[];
		/** For random tests; `WHERRY_SEED` repeats one. */
		seed: number;
	}
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
	const canaries = await startCanaries();
	const upstream = await startUpstream(() => canaries.touched());
	const mcp = await startMcpServer();
	const names = recordings();
	if (names.length === 0) console.log('skipped: the recordings are not beside this checkout');
	project.provide('upstream', upstream.origin);
	project.provide('mcp', mcp.origin);
	project.provide('recordings', names);
	project.provide('seed', Number(process.env.WHERRY_SEED ?? Date.now() % 1_000_000));
	return async () => {
		await mcp.close();
		await upstream.close();
		canaries.close();
	};
}
