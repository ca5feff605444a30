/**
 * What an answer says that it took, instead of what its request could have cost at most. Only where the relay
 * pays and its owner set a cap: the answer is looked at on its way, and not held up. Who breaks off, or whose
 * provider says nothing, has counted too much, never too little.
 */

import * as z from 'zod/mini';
import { isJsonObject, parseJson, type Json, type JsonObject } from '../../wire/json';
import type { EdgeEnv } from '../env';
import { notOurs } from '../outside';
import { askHome } from './ask-home';
import { spendOf, type InAndOut } from './spending';

const pair = z.object({ input: z.number(), output: z.number() });

/** What one request reserved; crosses to the hub that asks the provider. */
export const ticket = z.object({
	home: z.string(),
	at: z.number(),
	reserved: z.object({ tokens: z.number(), microDollars: z.number() }),
	/** Tokens of the request, as far as they were estimated. */
	input: z.number(),
	price: pair
});
export type Ticket = z.infer<typeof ticket>;

/** The last bytes of an answer that are kept: its usage comes at the end, with all of the answer beside it at worst. */
const keptBytes = 1024 * 1024;

/** The same answer. At its end the home hears what it took. */
export function settledBy(env: EdgeEnv, of: Ticket, answer: Response): Response {
	const settle = (took: InAndOut | undefined): Promise<void> => settleAs(env, of, took);
	// What is refused is not charged; of what fails otherwise nobody knows.
	const isRefused = answer.status >= 400 && answer.status < 500;
	const { body } = answer;
	// Of several models in turn only the last says what it took: whoever was asked before it may be charged too.
	const isFirst = (answer.headers.get('cf-aig-step') ?? '0') === '0';
	if (body === null || !isFirst) return new Response(body, answer);
	let kept: Uint8Array[] = [];
	let size = 0;
	const watch = new TransformStream<Uint8Array, Uint8Array>({
		transform(chunk, controller) {
			kept.push(chunk);
			size += chunk.length;
			while (kept.length > 1 && size - (kept[0]?.length ?? 0) > keptBytes) size -= kept.shift()?.length ?? 0;
			controller.enqueue(chunk);
		},
		async flush() {
			const decoder = new TextDecoder();
			const text = kept.map((chunk) => decoder.decode(chunk, { stream: true })).join('');
			kept = [];
			await settle(isRefused ? { input: 0, output: 0 } : usageOf(text, of.input));
		}
	});
	return new Response(body.pipeThrough(watch), answer);
}

export async function settleAs(env: EdgeEnv, of: Ticket, took: InAndOut | undefined): Promise<void> {
	if (env.HOME === undefined || took === undefined) return;
	const { home, at, reserved, price } = of;
	const input = { home, at, reserved, spent: spendOf(took, price) };
	await askHome(env.HOME, 'settle', z.null(), { who: notOurs, input }).catch(() => {
		// It stays counted at its most: the safe side.
	});
}

/** @param asked what the request was counted as, where an answer says nothing of it */
export function usageOf(text: string, asked: number): InAndOut | undefined {
	const whole = parseJson(text);
	if (whole !== undefined) return readUsage(Array.isArray(whole) ? whole.at(-1) : whole, asked);
	// Server-sent events: the last that says it, as each counts all before it.
	for (const line of text.split(/\r?\n|\r/).toReversed()) {
		const found = line.startsWith('data:') ? readUsage(parseJson(line.slice(5)), asked) : undefined;
		if (found !== undefined) return found;
	}
	return undefined;
}

function readUsage(value: Json | undefined, asked: number): InAndOut | undefined {
	if (!isJsonObject(value)) return undefined;
	const inner = [value, value['response'], value['result']].filter(isJsonObject);
	const said = inner.map((one) => one['usage'] ?? one['usageMetadata']).find(isJsonObject);
	if (said === undefined) return undefined;
	const output = sum(said, [
		'output_tokens',
		'completion_tokens',
		'candidatesTokenCount',
		'thoughtsTokenCount'
	]);
	const input = sum(said, [
		'input_tokens',
		'prompt_tokens',
		'cache_creation_input_tokens',
		'cache_read_input_tokens',
		'promptTokenCount',
		'toolUsePromptTokenCount'
	]);
	if (output === undefined) return undefined;
	// Some count what was thought beside the answer, and only in the total.
	const total = sum(said, ['total_tokens']) ?? 0;
	return { input: input ?? asked, output: Math.max(output, total - (input ?? total)) };
}

function sum(said: JsonObject, names: readonly string[]): number | undefined {
	const numbers = names.map((name) => said[name]).filter((value) => typeof value === 'number' && value >= 0);
	return numbers.length === 0 ? undefined : numbers.reduce((all: number, one) => all + Number(one), 0);
}
