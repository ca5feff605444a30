/** Starts the upstream before the workerd tests and tells them where it is. */

import type { TestProject } from 'vitest/node';
import { recordings, startUpstream } from './upstream';

declare module 'vitest' {
	export interface ProvidedContext {
		upstream: string;
		recordings: string[];
	}
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
	const upstream = await startUpstream();
	const names = recordings();
	if (names.length === 0) console.log('skipped: the recordings are not beside this checkout');
	project.provide('upstream', upstream.origin);
	project.provide('recordings', names);
	return () => upstream.close();
}
