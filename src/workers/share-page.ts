/** The page behind a share link, put together: its view, and the agent's parts that fetch, open and read it. */

import { address } from '../lib/ui/share/take-address';
import '../app.css';
import { mount } from 'svelte';
import { AppError } from '../lib/wire/errors';
import { openShare } from '../lib/agent/sharing/open-share';
import { readShared } from '../lib/agent/sharing/read-shared';
import SharedPage from '../lib/ui/share/SharedPage.svelte';

mount(SharedPage, {
	target: document.body,
	props: {
		address,
		async open(link, passphrase) {
			// Only what this very origin keeps: the page's policy lets it ask nobody else.
			const { text } = await openShare(link, passphrase, (to, init) => fetch(to, init));
			const reading = readShared(text);
			if (reading === undefined) throw new AppError('share/damaged');
			return reading;
		},
		async follow(link, passphrase, show) {
			const { followShare } = await import('./share-live');
			return followShare(link, passphrase, show);
		},
		async highlight(lang, text) {
			const { highlight } = await import('../lib/agent/render/highlight');
			return highlight(lang, text);
		},
		async math(tex, display) {
			const { mathTree } = await import('../lib/agent/render/math');
			return mathTree(tex, display);
		}
	}
});
