/**
 * Tells an element once that it has come near the view. One observer serves all of them: a
 * transcript can hold hundreds of code blocks and formulas.
 */

import type { Attachment } from 'svelte/attachments';

const waiting = new WeakMap<Element, () => void>();
let observer: IntersectionObserver | null = null;

function shared(): IntersectionObserver {
	observer ??= new IntersectionObserver(
		(entries) => {
			for (const entry of entries) {
				if (!entry.isIntersecting) continue;
				observer?.unobserve(entry.target);
				waiting.get(entry.target)?.();
				waiting.delete(entry.target);
			}
		},
		{ rootMargin: '200px' }
	);
	return observer;
}

/** `{@attach seen(() => …)}`: calls back once, when the element is first within 200 px of the view. */
export function seen(callback: () => void): Attachment<Element> {
	return (element) => {
		waiting.set(element, callback);
		shared().observe(element);
		return () => {
			waiting.delete(element);
			observer?.unobserve(element);
		};
	};
}
