/** Our loop as the agent composes it: real journal, repository, writer, ids and gate; only model and skill are scripted. */

import { createSessionWriter } from '../../src/lib/agent/sessions/writer';
import { createRepository } from '../../src/lib/agent/sessions/repository';
import { runTurn } from '../../src/lib/agent/loop/run-turn';
import type { TurnPorts, TurnResult } from '../../src/lib/agent/loop/ports';
import type { ModelPort } from '../../src/lib/agent/models/protocol';
import { redeemToken } from '../../src/lib/agent/policy/token';
import type { SkillPort } from '../../src/lib/agent/skills/port';
import { validate } from '../../src/lib/agent/skills/schema';
import type { Store } from '../../src/lib/agent/storage/store';
import { noUsage, type Part } from '../../src/lib/wire/entries';
import { AppError } from '../../src/lib/wire/errors';
import type { LoopEvent } from '../../src/lib/wire/events';
import { ownLabels, userLabels } from '../../src/lib/wire/labels';
import { uuidv7 } from '../../src/lib/wire/uuid';
import { question, steps, system, toolDescription, toolInput, toolName } from './script';

export const clock: TurnPorts['clock'] = {
	now: () => Date.now(),
	sleep: (ms, signal) =>
		new Promise((resolve, reject) => {
			const timer = setTimeout(resolve, ms);
			signal?.addEventListener('abort', () => {
				clearTimeout(timer);
				reject(signal.reason instanceof Error ? signal.reason : new Error('aborted'));
			});
		})
};
const ids = { next: () => uuidv7() };
export const model = { provider: 'anthropic', model: 'scripted' };

export function createAdder(onSum: (n: number) => void): SkillPort {
	const tools = [{ name: toolName, description: toolDescription, input: toolInput }];
	return {
		tools: () => tools,
		facts: (action) =>
			action === toolName
				? {
						action,
						title: action,
						description: toolDescription,
						defHash: 'def-add',
						input: toolInput,
						effects: [],
						replay: 'pure',
						undoable: false,
						knownDestinations: [],
						timeoutMs: 30_000
					}
				: undefined,
		check: (_action, args) =>
			validate(toolInput, args).length === 0 ? undefined : new AppError('skill/bad-arguments').toWire(),
		destinations: () => [],
		gist: (action) => action,
		run(run) {
			redeemToken(run.token, run.callHash);
			onSum(Number(run.args['n']));
			return Promise.resolve({
				status: 'ok',
				output: `added ${String(run.args['n'])}`,
				labels: ownLabels,
				writes: [],
				deletes: []
			});
		},
		probe: () => Promise.resolve('unknown'),
		undo: () => Promise.resolve({ writes: [], deletes: [] })
	};
}

/** Zero latency: the whole answer is said in one go, an event at a time. */
export function createScriptedPort(): ModelPort {
	let at = 0;
	return {
		describe: () => ({
			abilities: { tools: true, images: true, pdf: true, reasoning: true, webSearch: false },
			contextWindow: 200_000,
			maxOutput: 8_192,
			isRehearsal: false
		}),
		async ask(request, { onEvent }) {
			await Promise.resolve();
			const step = steps[at++ % steps.length];
			if (step === undefined) throw new Error('the script is over');
			let text = '';
			for (const delta of step.deltas) {
				text += delta;
				onEvent({ type: 'text', index: 0, delta });
			}
			const parts: Part[] = [{ type: 'text', text }];
			const { call } = step;
			if (call !== undefined) {
				onEvent({ type: 'call-start', index: 1, callId: call.id, action: toolName });
				let json = '';
				for (const delta of call.argumentDeltas) {
					json += delta;
					onEvent({ type: 'call-delta', index: 1, callId: call.id, delta });
				}
				const args = JSON.parse(json) as { n: number; note: string };
				parts.push({ type: 'call', callId: call.id, action: toolName, args, via: 'native' });
			}
			return { model: request.model, parts, stop: call === undefined ? 'end' : 'calls', usage: noUsage };
		}
	};
}

/** Nothing is kept: what is left is the loop, the journal's own work and the session in memory. */
export function createVoidStore(): Store {
	return {
		get: () => Promise.resolve(undefined),
		getMany: (_table, keys) => Promise.resolve(keys.map(() => undefined)),
		range: () => Promise.resolve([]),
		commit: () => Promise.resolve(),
		close: () => undefined
	};
}

export async function runOurs(
	store: Store,
	models: ModelPort,
	emit: (event: LoopEvent) => void,
	onSum: (n: number) => void,
	epoch = 0
): Promise<TurnResult> {
	const device = { id: 'bench' };
	const repository = createRepository({ store, device, clock, ids });
	const loaded = repository.begin(repository.newSession());
	const sessionId = loaded.record.id;
	const session = createSessionWriter(sessionId, {
		store,
		epoch: () => epoch,
		lamport: await repository.lamport(),
		record: () => loaded.record,
		facts: repository.facts,
		withFacts: repository.setFacts,
		branch: (head) => (head === null ? [] : loaded.branch(head)),
		applied: (record, entries) => {
			repository.apply(entries, record);
		}
	});
	const ports: TurnPorts = {
		clock,
		ids,
		device,
		epoch: () => epoch,
		store,
		session,
		models,
		skills: createAdder(onSum),
		park: () => Promise.reject(new Error('nothing parks here')),
		loadBlob: () => Promise.resolve(undefined),
		steering: () => [],
		policy: () => ({ stance: 'edit', rules: [], interactive: true, principal: 'user' }),
		systemPrompt: system
	};
	const userId = ids.next();
	return runTurn(
		{
			turnId: ids.next(),
			sessionId,
			signal: new AbortController().signal,
			start: {
				kind: 'message',
				parentId: null,
				alsoDelete: [],
				settings: { mode: 'auto', model, stepLimit: 12, effort: '', webSearch: false },
				user: {
					id: userId,
					sessionId,
					v: 1,
					kind: 'user',
					author: { device: 'bench', principal: 'user' },
					parts: [{ type: 'text', text: question }],
					labels: userLabels,
					at: clock.now()
				}
			}
		},
		ports,
		emit
	);
}

/** Counts what a listener was told, and joins what was said. */
export function createListener(): {
	readonly listen: (event: LoopEvent) => void;
	text(): string;
	delivered(): number;
} {
	const said: string[] = [];
	let delivered = 0;
	return {
		listen(event) {
			switch (event.type) {
				case 'step-start':
					said.push('');
					break;
				case 'text-delta':
					said[said.length - 1] += event.delta;
					delivered++;
					break;
				case 'call-start':
				case 'call-delta':
					delivered++;
					break;
				default:
					break;
			}
		},
		text: () => said.join('|'),
		delivered: () => delivered
	};
}
