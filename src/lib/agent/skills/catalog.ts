/**
 * Every action there is: checked once at start, switched on or off by the person, explained
 * where it cannot run. One bad plugin costs itself and nothing else.
 */

import { AppError, type WireError } from '../../wire/errors';
import { isJsonObject, type Json, type JsonObject } from '../../wire/json';
import type { SkillCard } from '../../wire/commands';
import type {
	CatalogLine,
	ChangePreview,
	HostService,
	HostServices,
	PluginDefinition
} from '../../plugins/plugin';
import { redeemToken } from '../policy/token';
import { loadPlugins, type Listed } from './load';
import type { SkillPort } from './port';
import type { RunnerOptions } from './run';
import { problemText, validate, type Problem } from './schema';

const settingVersion = 1;
const defaultRateLimit = 60;
const rateWindowMs = 60_000;
const gistLength = 80;

export interface CatalogOptions extends RunnerOptions {
	readonly plugins: readonly PluginDefinition[];
	/** The writer's epoch, for the switches. */
	readonly epoch: () => number;
	/** Is a secret of that name in the vault? Asked on each use, so that a key that was just added counts. */
	readonly hasSecret: (name: string) => boolean;
}

/** An action as a person can run it by name or phrase; what rehearsal is generated from. */
export interface SkillCommand {
	readonly action: string;
	readonly title: string;
	readonly description: string;
	readonly input: JsonObject;
	readonly phrases: readonly string[];
	/** Why it cannot run now. */
	readonly unavailable?: string;
}

export interface Catalog extends SkillPort {
	/** Every action, those of malformed plugins too, in the order of the plugins. */
	list(): readonly SkillCard[];
	/** Persisted before it resolves. Throws `skill/unknown`, `storage/…`. */
	setEnabled(action: string, enabled: boolean): Promise<void>;
	commands(): readonly SkillCommand[];
	/** What of these arguments does not fit, or why the action cannot run at all; empty when it can. */
	problems(action: string, args: JsonObject): readonly Problem[];
	/** A result in words (the action's own `say`); `undefined` where it has none. */
	say(action: string, output: Json, args: Json): string | undefined;
	/** What a call would change, before it is allowed; changes nothing. `undefined` where it cannot say. */
	preview(action: string, args: JsonObject): Promise<ChangePreview | undefined>;
	/** Whose action this is. */
	plugin(action: string): PluginDefinition | undefined;
}

const needTexts: Record<HostService, string> = {
	sessions: 'It needs the sessions of this device, which are not open here.',
	catalog: 'It needs the list of skills, which is not there.',
	health: 'It needs the health check, which is not there.',
	relay: 'It needs the relay, which is not there.'
};

/** Loads the switches and computes every definition's hash; then everything but `run` is synchronous. */
export async function createCatalog(options: CatalogOptions): Promise<Catalog> {
	const { listed, broken } = await loadPlugins(options.plugins);
	const switchedOff = new Set<string>();
	for (const { key, row } of await options.store.range('settings', { prefix: 'skills/' })) {
		if (isJsonObject(row) && row['value'] === false) switchedOff.add(key.slice('skills/'.length));
	}

	const host: HostServices = { ...options.host, catalog: { list: () => Promise.resolve(lines()) } };
	const runner: RunnerOptions = { ...options, host };
	const uses = new Map<string, number[]>();

	function missing({ plugin }: Listed): string | undefined {
		const absent = plugin.needs?.find((service) => host[service] === undefined);
		if (absent !== undefined) return needTexts[absent];
		const secret = plugin.secrets?.find((one) => one.required && !options.hasSecret(one.name));
		return secret === undefined ? undefined : `It needs the key "${secret.name}" for ${secret.host}.`;
	}

	function lines(): CatalogLine[] {
		return list().map(({ action, title, description, plugin, isOn, unavailable }) => ({
			action,
			title,
			description,
			plugin,
			state: unavailable !== undefined ? 'unavailable' : isOn ? 'on' : 'off',
			...(unavailable === undefined ? {} : { reason: unavailable })
		}));
	}

	function list(): SkillCard[] {
		const cards = [...listed.values()].map((one): SkillCard => {
			const { id, title, description, effects, replay, input } = one.action;
			const reason = missing(one);
			const isOn = !switchedOff.has(id);
			const card = { action: id, title, description, plugin: one.plugin.id, effects, replay, isOn, input };
			return reason === undefined ? card : { ...card, unavailable: reason };
		});
		const bad = broken.map(({ plugin, title, reason }): SkillCard => {
			return {
				action: plugin,
				title,
				description: '',
				plugin,
				effects: [],
				replay: 'once',
				isOn: false,
				unavailable: reason,
				isMalformed: true,
				input: {}
			};
		});
		return [...cards, ...bad];
	}

	function check(action: string, args: Json): WireError | undefined {
		const one = listed.get(action);
		if (one === undefined)
			return new AppError('skill/unknown', {
				message: `There is no skill called ${action.slice(0, 64)}.`
			}).toWire();
		const reason = missing(one);
		if (reason !== undefined) return new AppError('skill/unavailable', { message: reason }).toWire();
		if (switchedOff.has(action)) return new AppError('skill/disabled').toWire();
		const problems = validate(one.action.input, args);
		if (problems.length === 0) return undefined;
		return new AppError('skill/bad-arguments', {
			message: `The arguments do not fit this skill: ${problemText(problems).slice(0, 400)}.`,
			data: { problems: problems.map((problem) => ({ ...problem })) }
		}).toWire();
	}

	/** True when this use still fits into the last minute's allowance. */
	function spend({ action }: Listed): boolean {
		const now = options.clock.now();
		const recent = (uses.get(action.id) ?? []).filter((at) => at > now - rateWindowMs && at <= now);
		const hasRoom = recent.length < (action.rateLimit ?? defaultRateLimit);
		uses.set(action.id, hasRoom ? [...recent, now] : recent);
		return hasRoom;
	}

	return {
		list,
		check,
		facts: (action) => listed.get(action)?.facts,
		tools: () =>
			[...listed.values()]
				.filter(
					(one) =>
						one.action.isOffered !== false && !switchedOff.has(one.action.id) && missing(one) === undefined
				)
				.map(({ action: { id, description, input } }) => ({ name: id, description, input })),
		problems(action, args) {
			const error = check(action, args);
			if (error === undefined) return [];
			const one = error.id === 'skill/bad-arguments' ? listed.get(action) : undefined;
			return one === undefined ? [{ path: '', problem: error.message }] : validate(one.action.input, args);
		},
		commands: () =>
			[...listed.values()].map((one) => {
				const { id, title, description, input, phrases } = one.action;
				const reason = missing(one) ?? (switchedOff.has(id) ? 'It is switched off under Skills.' : undefined);
				const command = { action: id, title, description, input, phrases: phrases ?? [] };
				return reason === undefined ? command : { ...command, unavailable: reason };
			}),
		say(action, output, args) {
			const say = listed.get(action)?.action.say;
			try {
				return say?.(output, isJsonObject(args) ? args : {});
			} catch {
				return undefined;
			}
		},
		destinations(action, args) {
			try {
				return listed.get(action)?.action.destinations?.(args) ?? [];
			} catch {
				// Known to nobody, so the gate holds it.
				return ['an unreadable address'];
			}
		},
		gist(action, args) {
			const input = isJsonObject(args) ? args : {};
			try {
				return oneLine(listed.get(action)?.action.gist?.(input) ?? firstValue(input));
			} catch {
				return oneLine(firstValue(input));
			}
		},
		async run(run) {
			redeemToken(run.token, run.callHash);
			const one = listed.get(run.action);
			const refusal = check(run.action, run.args);
			const { failure, runAction } = await loadRunner();
			if (one === undefined || refusal !== undefined)
				return failure(refusal ?? new AppError('skill/unknown').toWire());
			if (!spend(one)) return failure(new AppError('skill/rate-limited').toWire());
			return runAction(one.plugin, one.action, run, runner);
		},
		async probe(action, effectKey, signal) {
			const one = listed.get(action);
			const probe = one?.action.probe;
			if (one === undefined || probe === undefined) return 'unknown';
			const { openWorld, within } = await loadRunner();
			const world = openWorld(
				one.plugin,
				{ effectKey, now: options.clock.now(), onProgress: () => undefined },
				signal,
				runner
			);
			try {
				return await within(signal, one.facts.timeoutMs, options.clock, () =>
					probe(effectKey, world.context)
				);
			} catch {
				return 'unknown';
			} finally {
				world.close();
			}
		},
		async undo(action, captured, output, store = options.store) {
			const { undoAction } = await import('./undo');
			return undoAction(listed.get(action), captured, output, { ...runner, store });
		},
		async preview(action, args) {
			const one = listed.get(action);
			if (one?.action.preview === undefined || check(action, args) !== undefined) return undefined;
			const { previewAction } = await import('./preview');
			return previewAction(one, args, runner);
		},
		plugin: (action) => listed.get(action)?.plugin,
		async setEnabled(action, enabled) {
			if (!listed.has(action)) throw new AppError('skill/unknown');
			const row = { v: settingVersion, value: enabled };
			await options.store.commit({
				epoch: options.epoch(),
				put: [{ table: 'settings', key: `skills/${action}`, row }]
			});
			if (enabled) switchedOff.delete(action);
			else switchedOff.add(action);
		}
	};
}

/** Its own chunk: knowing the skills does not take running one. */
const loadRunner = (): Promise<typeof import('./run')> => import('./run');

function firstValue(input: JsonObject): string {
	const first = Object.values(input)[0];
	if (first === undefined) return '';
	return typeof first === 'string' ? first : JSON.stringify(first);
}

function oneLine(text: string): string {
	const line = text.replaceAll(/\s+/g, ' ').trim();
	return line.length > gistLength ? `${line.slice(0, gistLength - 1)}…` : line;
}
