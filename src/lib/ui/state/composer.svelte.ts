/**
 * The unsent message of the open session. Typing touches nothing but this; the worker gets the
 * draft behind it, and the text goes only when its message is in the transcript or the queue.
 */

import type { FilePart } from '../../wire/entries';
import type { Patch, SessionState } from '../../wire/view';
import type { SessionView } from './fold';

const draftEveryMs = 250;
/** How long an answered send waits for its article, so that both appear in one moment. */
const articleWithinMs = 400;

export type SaveDraft = (sessionId: string, text: string, files: readonly FilePart[]) => void;

export class Composer {
	text = $state('');
	files = $state.raw<readonly FilePart[]>([]);
	/** What has been given to the worker and is not committed yet. */
	sending = $state.raw<{ readonly text: string } | null>(null);
	#sessionId: string | null = null;
	#saved = '';
	#timer: ReturnType<typeof setTimeout> | undefined;

	constructor(private readonly save: SaveDraft) {}

	/** A new session is on its way: what is written from now on is meant for it. Answers with the way back. */
	moveOn(): () => void {
		this.flush();
		const [sessionId, text, files] = [this.#sessionId, this.text, this.files];
		this.#sessionId = null;
		this.text = '';
		this.files = [];
		return () => {
			if (this.#sessionId !== null) return;
			this.#sessionId = sessionId;
			this.text = text + this.text;
			this.files = files;
		};
	}

	/** Shows the draft of a session that was opened; a resync of the same one changes nothing. */
	adopt(sessionId: string | null, state: SessionState | null): void {
		if (sessionId === this.#sessionId) return;
		this.flush();
		const typed = this.#sessionId === null ? this.text : '';
		this.#sessionId = sessionId;
		this.sending = null;
		this.text = state?.draft ?? '';
		this.files = (state?.draftFiles ?? []).map((file) => ({ type: 'file', ...file }));
		this.#saved = this.#fingerprint();
		if (typed !== '') this.set(this.text + typed);
	}

	changed(): void {
		this.#timer ??= setTimeout(() => this.flush(), draftEveryMs);
	}

	flush(): void {
		clearTimeout(this.#timer);
		this.#timer = undefined;
		const now = this.#fingerprint();
		if (this.#sessionId === null || now === this.#saved || this.sending !== null) return;
		this.#saved = now;
		this.save(this.#sessionId, this.text, this.files);
	}

	set(text: string): void {
		this.text = text;
		this.changed();
	}

	begin(): { text: string; files: readonly FilePart[] } {
		clearTimeout(this.#timer);
		this.#timer = undefined;
		const message = { text: this.text, files: this.files };
		this.sending = { text: this.text };
		return message;
	}

	/** The send was answered; its article may still be on its way. */
	answered(isShown: boolean): void {
		if (isShown) this.committed();
		else setTimeout(() => this.committed(), articleWithinMs);
	}

	failed(): void {
		this.sending = null;
		this.changed();
	}

	committed(): void {
		const { sending } = this;
		if (sending === null) return;
		this.sending = null;
		// What was typed since stays.
		this.text = this.text.startsWith(sending.text) ? this.text.slice(sending.text.length) : '';
		this.files = [];
		this.#saved = '';
		this.changed();
	}

	/** Whether this batch carries the commit of what is being sent. */
	isCommit(before: SessionView, patches: readonly Patch[]): boolean {
		const text = this.sending?.text.trim();
		if (text === undefined) return false;
		return patches.some((patch) => {
			if (patch.op === 'state') {
				return (
					patch.state.queued.length > (before.state?.queued.length ?? 0) &&
					patch.state.queued.some((queued) => queued.text.trim() === text)
				);
			}
			if (patch.op !== 'items') return false;
			return patch.items.some(
				(item) =>
					item.type === 'you' && item.text.trim() === text && before.items.get(item.ord)?.key !== item.key
			);
		});
	}

	#fingerprint(): string {
		return this.text === '' && this.files.length === 0
			? ''
			: `${this.files.map((file) => file.blob).join()}\n${this.text}`;
	}
}
