/** The plain list of P9: the same messages, through the same component, all of them. */

import { mount } from 'svelte';
import { toBlocks } from '../../src/lib/agent/render/markdown';
import { longSession } from './long-session';
import Plain from './P9Plain.svelte';

const messages = longSession().map(toBlocks);

/** Milliseconds from the decision to show it to the frame that does. Lexing is not part of it. */
async function open(): Promise<{ ms: number; nodes: number }> {
	const start = performance.now();
	mount(Plain, { target: document.body, props: { messages } });
	document.documentElement.scrollTop = document.documentElement.scrollHeight;
	await new Promise((done) => requestAnimationFrame(() => setTimeout(done, 0)));
	return { ms: performance.now() - start, nodes: document.querySelectorAll('*').length };
}
Object.assign(window, { open9: open });
