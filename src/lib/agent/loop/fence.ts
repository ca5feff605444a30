/**
 * Calls without native tools: a model writes a fenced block, we read it as a proposal.
 *
 *     ```wherry-action
 *     {"action": "clock", "args": {}}
 *     ```
 *
 * Works with any model. The block leaves the text and becomes a call part with `via: 'fence'`;
 * protocols write such a call back as the same block.
 */

import type { CallPart, Part } from '../../wire/entries';
import { isJsonObject, parseJson } from '../../wire/json';
import type { Json } from '../../wire/json';
import type { ToolDescriptor } from '../models/protocol';

const fence =
	/^[ \t]*(`{3,}|~{3,})[ \t]*(?:wherry-action|open-think-action|action)[ \t]*\r?\n([\s\S]*?)^[ \t]*\1[ \t]*$/gm;
const maximumCalls = 16;

/** Splits fenced action blocks out of a response's text; other parts stay as they are. */
export function readFencedCalls(parts: readonly Part[]): readonly Part[] {
	if (!parts.some((part) => part.type === 'text' && part.text.includes('action'))) return parts;
	const read: Part[] = [];
	let count = 0;
	for (const part of parts) {
		if (part.type !== 'text') {
			read.push(part);
			continue;
		}
		const calls: CallPart[] = [];
		const text = part.text.replace(fence, (block, _marks: string, body: string) => {
			const found = readBody(body, count + calls.length);
			if (found.length === 0 || count + calls.length + found.length > maximumCalls) return block;
			calls.push(...found);
			return '';
		});
		count += calls.length;
		const rest = text.trim();
		if (calls.length === 0) read.push(part);
		else if (rest !== '') read.push({ ...part, text: rest });
		read.push(...calls);
	}
	return read;
}

function readBody(body: string, offset: number): CallPart[] {
	const value = parseJson(body.trim());
	const list: readonly Json[] = Array.isArray(value) ? value : value === undefined ? [] : [value];
	return list.flatMap((item, index): CallPart[] => {
		if (!isJsonObject(item)) return [];
		const action = item['action'] ?? item['skill'] ?? item['name'] ?? item['tool'];
		if (typeof action !== 'string') return [];
		const args = item['args'] ?? item['input'] ?? item['arguments'] ?? {};
		return [{ type: 'call', callId: `fence-${String(offset + index)}`, action, args, via: 'fence' }];
	});
}

/** What a model that gets no native tools is told. Part of the stable system prompt. */
export function fenceInstructions(tools: readonly ToolDescriptor[]): string {
	if (tools.length === 0) return '';
	const lines = tools.map(
		(tool) => `- ${tool.name}: ${tool.description} Arguments (JSON Schema): ${JSON.stringify(tool.input)}`
	);
	return [
		'To propose an action, write a fenced block exactly like this, one block per action, and nothing after the last one:',
		'```wherry-action',
		'{"action": "clock", "args": {}}',
		'```',
		'The user decides whether it runs; its result comes in the next message. Actions:',
		...lines
	].join('\n');
}
