/** Says the same 2,000 deltas to whoever is measured; to ours as the agent worker would. */

import { createLiveAnswer } from '../../src/lib/agent/view/live';
import { createPagePort } from '../../src/lib/agent/view/page-port';
import type { FromPage, ToPage } from '../../src/lib/wire/view';
import { markdownText } from './markdown-text';

const deltaCount = 2_000;
/** A timer's shortest step is 4 ms: two deltas each, 500 a second. */
const perTick = 2;

self.onmessage = ({ data, ports: [port] }: MessageEvent<'patches' | 'deltas'>) => {
	if (port === undefined) return;
	const text = markdownText();
	const size = Math.ceil(text.length / deltaCount);
	const deltas = Array.from({ length: deltaCount }, (_, i) => text.slice(i * size, (i + 1) * size));
	const say = data === 'patches' ? throughPagePort(port) : (delta: string) => port.postMessage(delta);
	let next = 0;
	const timer = setInterval(() => {
		for (let i = 0; i < perTick && next < deltas.length; i++) say(deltas[next++] ?? '');
		if (next < deltas.length) return;
		clearInterval(timer);
		// Behind the last patches, however long those wait.
		setTimeout(() => port.postMessage('end of the text'), data === 'patches' ? 500 : 0);
	}, 4);
};

function throughPagePort(port: MessagePort): (delta: string) => void {
	const answer = createLiveAnswer({
		entryId: 'answer',
		turnId: 'turn',
		model: { provider: 'bench', model: 'bench' },
		at: 0
	});
	const page = createPagePort(
		{
			post: (message: ToPage) => port.postMessage(message),
			onMessage(listener) {
				port.onmessage = ({ data }: MessageEvent<FromPage>) => listener(data);
			}
		},
		{
			drain: () => answer.drain(),
			snapshot: () => ({ sessionId: null, state: null, window: { total: 0, items: [] }, trace: [] })
		}
	);
	let seq = 0;
	return (delta) => {
		answer.note({ type: 'text-delta', turnId: 'turn', seq: seq++, index: 0, delta });
		page.poke();
	};
}
