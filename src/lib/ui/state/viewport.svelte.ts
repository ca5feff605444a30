/** What kind of screen this is, and how much of it a keyboard leaves. */

class Viewport {
	/** A narrow or touch screen: Enter is a new line there, and choices hide behind buttons. */
	isPhone = $state(false);
	isNarrow = $state(false);
	hasKeyboard = $state(false);
	/** A finger is what points. */
	readonly isTouch = typeof matchMedia === 'function' && matchMedia('(pointer: coarse)').matches;

	watch(): () => void {
		const phone = matchMedia('(max-width: 767px), (pointer: coarse)');
		const narrow = matchMedia('(max-width: 767px)');
		const read = () => {
			this.isPhone = phone.matches;
			this.isNarrow = narrow.matches;
		};
		const visual = window.visualViewport;
		const fit = () => {
			if (visual === null) return;
			const hidden = window.innerHeight - visual.height;
			this.hasKeyboard = hidden > 120 && visual.scale === 1;
			document.documentElement.style.setProperty('--visible', `${Math.round(visual.height)}px`);
			// Where the browser pans instead of resizing, the page must not stay scrolled away.
			if (this.hasKeyboard) window.scrollTo(0, 0);
		};
		read();
		fit();
		phone.addEventListener('change', read);
		narrow.addEventListener('change', read);
		visual?.addEventListener('resize', fit);
		visual?.addEventListener('scroll', fit);
		return () => {
			phone.removeEventListener('change', read);
			narrow.removeEventListener('change', read);
			visual?.removeEventListener('resize', fit);
			visual?.removeEventListener('scroll', fit);
		};
	}
}

export const viewport = new Viewport();
