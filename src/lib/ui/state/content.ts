/** What the drawn blocks ask the worker for: highlighted code and laid-out math. Failing is no news. */

import type { CodeRun, MathNode } from '../../wire/blocks';
import { app } from './app.svelte';

export async function highlight(lang: string, text: string): Promise<readonly CodeRun[]> {
	const result = await app.call('text.highlight', { lang, text });
	return result.ok ? result.data : [['', text]];
}

export async function math(tex: string, display: boolean): Promise<MathNode | null> {
	const result = await app.call('text.math', { tex, display });
	return result.ok ? result.data : null;
}
