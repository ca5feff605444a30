/**
 * What a page may need when its connection is gone: the address of a session, what a failure
 * says, the queue. Small, and read once the page works.
 */

import { preloadCode } from '$app/navigation';

export function warm(): void {
	const wanted = [
		preloadCode('/s/any'),
		import('../transcript/FailureText.svelte'),
		import('../composer/Queue.svelte')
	];
	// Offline already: then each is asked for again when it is needed.
	void Promise.allSettled(wanted);
}
