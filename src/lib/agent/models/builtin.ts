/**
 * The browser's own model (the Prompt API's `LanguageModel`), behind a port that whoever owns the page
 * hands in: it exists in windows only, and this runs in a worker. Text in, text out: actions go as fenced
 * blocks. No recording of it was to be had; the test drives the port.
 */

import type { ModelRef } from '../../wire/entries';
import { noUsage } from '../../wire/entries';
import { AppError, isAbort, toAppError } from '../../wire/errors';
import { traitsOf } from './catalog';
import type { AskOptions, ModelPort, ModelReply, ModelRequest, ProtocolTarget } from './protocol';
import { fenced, readAttachment } from './attachments';
import { prepareTurns } from './transcript';

export interface BuiltinMessage {
	readonly role: 'user' | 'assistant';
	readonly content: string;
}

/** What `LanguageModel` can do for us, as plain data. */
export interface BuiltinPort {
	availability(): Promise<'available' | 'downloadable' | 'downloading' | 'unavailable'>;
	/** Pieces of the answer as they come. Ends or throws when the signal aborts. */
	prompt(system: string, messages: readonly BuiltinMessage[], signal: AbortSignal): AsyncIterable<string>;
}

export function createBuiltinModel(port: BuiltinPort | undefined): ModelPort {
	return {
		ask: (request, options) => askBuiltin(port, request, options),
		describe: traitsOf
	};
}

async function askBuiltin(
	port: BuiltinPort | undefined,
	request: ModelRequest,
	options: AskOptions
): Promise<ModelReply> {
	let text = '';
	const reply = (rest: Pick<ModelReply, 'stop' | 'error'>): ModelReply => ({
		model: request.model,
		parts: text === '' ? [] : [{ type: 'text', text }],
		usage: noUsage,
		...rest
	});
	try {
		if (port === undefined || (await port.availability()) === 'unavailable') {
			const error = new AppError('model/unavailable', { message: 'This browser has no model of its own.' });
			return reply({ stop: 'error', error: error.toWire() });
		}
		for await (const delta of port.prompt(request.system, writeBuiltin(request), options.signal)) {
			if (options.signal.aborted) return reply({ stop: 'aborted' });
			if (delta === '') continue;
			text += delta;
			options.onEvent({ type: 'text', index: 0, delta });
		}
		return reply({ stop: options.signal.aborted ? 'aborted' : 'end' });
	} catch (thrown) {
		if (options.signal.aborted || isAbort(thrown)) return reply({ stop: 'aborted' });
		const tooLong = thrown instanceof Error && thrown.name === 'QuotaExceededError';
		const error = tooLong ? new AppError('model/context-too-long') : toAppError(thrown, 'model/unavailable');
		return reply({ stop: 'error', error: error.toWire() });
	}
}

/** The transcript as alternating text, which is all that this model takes. */
export function writeBuiltin(request: ModelRequest): readonly BuiltinMessage[] {
	const ref: ModelRef = request.model;
	const abilities = { tools: false, images: false, pdf: false, reasoning: false, webSearch: false };
	const target: ProtocolTarget = { ref, abilities, quirks: {} };
	const messages: { role: 'user' | 'assistant'; content: string }[] = [];
	for (const turn of prepareTurns(request, target)) {
		const content = turn.parts
			.map((part) => {
				if (part.type === 'text' || part.type === 'refusal') return part.text;
				if (part.type !== 'file') return '';
				const file = readAttachment(part, request, target);
				return file.kind === 'text' ? fenced(file.name, file.text) : file.kind === 'note' ? file.text : '';
			})
			.filter((said) => said !== '')
			.join('\n\n');
		const last = messages.at(-1);
		if (last?.role === turn.role) last.content += `\n\n${content}`;
		else messages.push({ role: turn.role, content });
	}
	return messages;
}
