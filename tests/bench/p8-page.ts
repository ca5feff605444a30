/** The page of P8: one contender, its deltas, and what they cost. Driven by p8-markdown.ts. */

import DOMPurify from 'dompurify';
import { marked } from 'marked';
import { flushSync, mount } from 'svelte';
import { whenDrawn } from '../../src/lib/ui/state/when-drawn';
import type { ToPage } from '../../src/lib/wire/view';
import Ours from './P8Ours.svelte';
import Streamdown from './P8Streamdown.svelte';

const host = document.createElement('main');
host.style.cssText = 'width: 46rem; font: 16px/1.6 serif';
document.body.append(host);

/** One contender: takes what the worker says; gives the text that stands there in the end. */
const contenders = {
	ours() {
		const { receive } = mount(Ours, { target: host });
		return { asks: 'patches' as const, take: (message: unknown) => receive(message as ToPage) };
	},
	/** The floor: the same blocks on the same way, each an element with its text. */
	'plain text': () => {
		const { receive } = mount(Ours, { target: host, props: { isPlain: true } });
		return { asks: 'patches' as const, take: (message: unknown) => receive(message as ToPage) };
	},
	'svelte-streamdown': () => {
		const { add } = mount(Streamdown, { target: host });
		return {
			asks: 'deltas' as const,
			take(message: unknown) {
				add(String(message));
				flushSync();
			}
		};
	},
	'marked + DOMPurify': () => {
		let text = '';
		return {
			asks: 'deltas' as const,
			take(message: unknown) {
				text += String(message);
				host.innerHTML = DOMPurify.sanitize(marked.parse(text, { async: false }));
			}
		};
	}
};

/** Like anybody who reads along: the end is in view at each frame, and layout is part of it. */
let isFollowing = false;
function follow(): void {
	if (isFollowing) return;
	isFollowing = true;
	requestAnimationFrame(() => {
		isFollowing = false;
		document.documentElement.scrollTop = document.documentElement.scrollHeight;
	});
}

const longTasks: number[] = [];
new PerformanceObserver((list) => {
	for (const { duration } of list.getEntries()) longTasks.push(Math.round(duration));
}).observe({ type: 'longtask' });

export interface Outcome {
	readonly text: string;
	readonly longTasks: readonly number[];
}

async function run(name: keyof typeof contenders): Promise<Outcome> {
	const { asks, take } = contenders[name]();
	const worker = new Worker(new URL('./p8-worker.ts', import.meta.url), { type: 'module' });
	const { port1, port2 } = new MessageChannel();
	longTasks.length = 0;
	await new Promise<void>((resolve) => {
		port1.onmessage = ({ data }: MessageEvent<unknown>) => {
			if (data === 'end of the text') {
				resolve();
				return;
			}
			take(data);
			// As the page does (workers/agent-client.ts): text is acknowledged once it is drawn.
			if (asks === 'patches') whenDrawn(() => port1.postMessage({ ack: (data as ToPage).cursor }));
			follow();
		};
		worker.postMessage(asks, [port2]);
	});
	await new Promise((done) => requestAnimationFrame(() => setTimeout(done, 50)));
	const shown = host.cloneNode(true) as HTMLElement;
	for (const control of shown.querySelectorAll('button, figcaption')) control.remove();
	return { text: (shown.textContent ?? '').replaceAll(/\s+/g, ''), longTasks: [...longTasks] };
}
Object.assign(window, { run });
