/** A catalog of made-up skills, one for each replay class, whose effects on the world can be counted. */

import { AppError } from '../../src/lib/wire/errors';
import type { Effect, Replay } from '../../src/lib/wire/events';
import { ownLabels } from '../../src/lib/wire/labels';
import { redeemToken } from '../../src/lib/agent/policy/token';
import type { ActionFacts, SkillPort } from '../../src/lib/agent/skills/port';

/** What happened outside: survives a crash of the agent, as a remote would. */
export interface World {
	/** Every execution, by effect key: a repeated key is a repeated effect. */
	readonly executions: { readonly action: string; readonly key: string }[];
	/** Keys a keyed remote has applied: it applies each once. */
	readonly applied: Set<string>;
}

export function createWorld(): World {
	return { executions: [], applied: new Set() };
}

interface FakeAction {
	readonly effects: readonly Effect[];
	readonly replay: Replay;
	readonly undoable?: boolean;
	readonly fails?: boolean;
}

const actions: Readonly<Record<string, FakeAction>> = {
	look: { effects: [], replay: 'pure' },
	note: { effects: ['writeLocal'], replay: 'local', undoable: true },
	pay: { effects: ['spend', 'egress'], replay: 'keyed' },
	post: { effects: ['writeRemote'], replay: 'checkable' },
	fire: { effects: ['irreversible', 'egress'], replay: 'once' },
	tick: { effects: [], replay: 'once' },
	ping: { effects: [], replay: 'keyed' },
	probe: { effects: [], replay: 'checkable' },
	broken: { effects: [], replay: 'pure', fails: true }
};

export function createFakeSkills(world: World, options: { hang?: string } = {}): SkillPort {
	const facts = (action: string): ActionFacts | undefined => {
		const known = actions[action];
		if (known === undefined) return undefined;
		return {
			action,
			title: action,
			description: action,
			defHash: `def-${action}`,
			input: { type: 'object' },
			effects: known.effects,
			replay: known.replay,
			undoable: known.undoable ?? false,
			knownDestinations: [],
			timeoutMs: 1_000
		};
	};
	return {
		tools: () =>
			Object.keys(actions).map((name) => ({
				name,
				description: name,
				input: { type: 'object', properties: {} }
			})),
		facts,
		check: (action) => (facts(action) === undefined ? new AppError('skill/unknown').toWire() : undefined),
		destinations: (_action, args) => (typeof args['to'] === 'string' ? [args['to']] : []),
		gist: (action) => action,
		async run(run) {
			redeemToken(run.token, run.callHash);
			if (options.hang === run.action) {
				await new Promise<void>((resolve) => {
					run.signal.addEventListener('abort', () => {
						resolve();
					});
				});
				const error = new AppError('skill/stopped').toWire();
				return { status: 'error', output: null, error, labels: ownLabels, writes: [], deletes: [] };
			}
			const known = actions[run.action];
			if (known?.fails === true) {
				const error = new AppError('skill/failed').toWire();
				return { status: 'error', output: null, error, labels: ownLabels, writes: [], deletes: [] };
			}
			await Promise.resolve();
			world.executions.push({ action: run.action, key: run.effectKey });
			if (known?.replay === 'keyed' || known?.replay === 'checkable') world.applied.add(run.effectKey);
			return {
				status: 'ok',
				output: { did: run.action },
				labels: ownLabels,
				writes:
					known?.replay === 'local'
						? [{ table: 'plugins', key: `note/${run.effectKey}`, row: { v: 1, value: run.args } }]
						: [],
				deletes: [],
				...(known?.undoable === true ? { undo: { label: 'Undo', captured: null } } : {})
			};
		},
		probe: (_action, key) => Promise.resolve(world.applied.has(key) ? 'done' : 'not-done'),
		undo: () => Promise.resolve({ writes: [], deletes: [] })
	};
}
