/**
 * The browser's own model (Prompt API, `LanguageModel`), which exists in windows only, lent to
 * the agent worker through a port. Nothing is downloaded or asked before a person uses it.
 */

import { expose } from 'comlink';

interface PromptSession {
	promptStreaming(
		messages: readonly PromptMessage[],
		options: { signal: AbortSignal }
	): ReadableStream<string>;
	destroy(): void;
}
interface PromptMessage {
	readonly role: 'system' | 'user' | 'assistant';
	readonly content: string;
}
interface LanguageModelStatic {
	availability(): Promise<'available' | 'downloadable' | 'downloading' | 'unavailable'>;
	create(options: { initialPrompts: readonly PromptMessage[]; signal: AbortSignal }): Promise<PromptSession>;
}
declare global {
	interface Window {
		readonly LanguageModel?: LanguageModelStatic;
	}
}

/** What the worker may ask of the page. */
export interface LentModel {
	availability(): Promise<'available' | 'downloadable' | 'downloading' | 'unavailable'>;
	prompt(
		id: string,
		system: string,
		messages: readonly PromptMessage[],
		onDelta: (delta: string) => void
	): Promise<void>;
	abort(id: string): void;
}

/** The page's end of the port; undefined where this browser has no model. */
export function lendBuiltinModel(): MessagePort | undefined {
	const model = window.LanguageModel;
	if (model === undefined) return undefined;
	const running = new Map<string, AbortController>();
	const lent: LentModel = {
		availability: () => model.availability(),
		async prompt(id, system, messages, onDelta) {
			const stop = new AbortController();
			running.set(id, stop);
			try {
				const last = messages.at(-1);
				const initialPrompts: PromptMessage[] = [
					{ role: 'system', content: system },
					...messages.slice(0, -1)
				];
				const session = await model.create({ initialPrompts, signal: stop.signal });
				const reader = session
					.promptStreaming(last === undefined ? [] : [last], { signal: stop.signal })
					.getReader();
				for (let piece = await reader.read(); !piece.done; piece = await reader.read()) onDelta(piece.value);
				session.destroy();
			} finally {
				running.delete(id);
			}
		},
		abort(id) {
			running.get(id)?.abort();
		}
	};
	const { port1, port2 } = new MessageChannel();
	expose(lent, port1);
	return port2;
}
