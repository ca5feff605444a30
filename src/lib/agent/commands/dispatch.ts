/**
 * Commands by name. A failure is a value. A write that is sent twice with the same id acts once:
 * the second one gets the first one's answer; after a crash in between, the handlers that make
 * something name it by the command's id and find it there.
 */

import type { CommandInput, CommandName, CommandOutput, Result } from '../../wire/commands';
import { AppError, toAppError } from '../../wire/errors';
import type { Handlers } from './session-commands';

const rememberedAnswers = 500;

export interface Dispatcher {
	has(name: string): name is CommandName;
	call<K extends CommandName>(
		name: K,
		commandId: string,
		input: CommandInput<K>
	): Promise<Result<CommandOutput<K>>>;
	/** For a command that came from another tab: the handler's own checks are what stands behind its input. */
	callAny(name: CommandName, commandId: string, input: unknown): Promise<Result<unknown>>;
}

/** @param options.remembers for writes; answers of reads may be large and are asked for anew. */
export function createDispatcher(
	options: { readonly remembers: boolean },
	...groups: readonly Handlers[]
): Dispatcher {
	const handlers = new Map<string, (input: unknown, commandId: string) => Promise<unknown>>();
	for (const group of groups) {
		for (const [name, handler] of Object.entries(group)) {
			// The map forgets which name goes with which input; `call` below is where they meet again.
			// eslint-disable-next-line @typescript-eslint/consistent-type-assertions
			handlers.set(name, handler as (input: unknown, commandId: string) => Promise<unknown>);
		}
	}
	const answers = new Map<string, Promise<Result<unknown>>>();

	async function run(name: string, commandId: string, input: unknown): Promise<Result<unknown>> {
		const handler = handlers.get(name);
		if (handler === undefined)
			return {
				ok: false,
				error: new AppError('input/invalid', { message: `There is no command ${name}.` }).toWire()
			};
		try {
			return { ok: true, data: await handler(input, commandId) };
		} catch (thrown) {
			return { ok: false, error: toAppError(thrown).toWire() };
		}
	}

	function callAny(name: CommandName, commandId: string, input: unknown): Promise<Result<unknown>> {
		const known = answers.get(commandId);
		if (known !== undefined) return known;
		const answer = run(name, commandId, input);
		if (!options.remembers) return answer;
		answers.set(commandId, answer);
		for (const oldest of answers.keys()) {
			if (answers.size <= rememberedAnswers) break;
			answers.delete(oldest);
		}
		return answer;
	}

	return {
		has: (name): name is CommandName => handlers.has(name),
		callAny,
		async call<K extends CommandName>(name: K, commandId: string, input: CommandInput<K>) {
			// eslint-disable-next-line @typescript-eslint/consistent-type-assertions
			return (await callAny(name, commandId, input)) as Result<CommandOutput<K>>;
		}
	};
}
