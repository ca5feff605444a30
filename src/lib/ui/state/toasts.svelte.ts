/** Short notices: what just happened, and a way back where there is one. */

export interface Toast {
	readonly id: number;
	readonly text: string;
	readonly undo?: () => void;
	/** Two notices about one fact show once. */
	readonly about?: string;
}

const shownMs = 8_000;

export class Toasts {
	list = $state.raw<readonly Toast[]>([]);
	/** Open dialogs, oldest first: what lies under a modal one cannot be reached, so notices move into it. */
	dialogs = $state.raw<readonly string[]>([]);
	#last = 0;

	show(text: string, options: { undo?: () => void; about?: string } = {}): void {
		if (options.about !== undefined && this.list.some((toast) => toast.about === options.about)) return;
		const id = ++this.#last;
		this.list = [...this.list.slice(-2), { id, text, ...options }];
		setTimeout(() => this.dismiss(id), shownMs);
	}

	dismiss(id: number): void {
		this.list = this.list.filter((toast) => toast.id !== id);
	}
}
