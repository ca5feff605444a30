/** Runs at the next frame. A hidden page has none: then a little later. */
export function whenDrawn(run: () => void): void {
	const once = () => {
		cancelAnimationFrame(frame);
		clearTimeout(late);
		run();
	};
	const frame = requestAnimationFrame(once);
	const late = setTimeout(once, 60);
}
