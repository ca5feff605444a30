/** Takes plugins in: those that are well-formed with everything known of their actions, the others with the reason. */

import { canonicalJson, isJsonObject } from '../../wire/json';
import type { Action, PluginDefinition } from '../../plugins/plugin';
import { checkPlugin } from './definition';
import type { ActionFacts } from './port';

export const defaultTimeoutMs = 30_000;

export interface Listed {
	readonly plugin: PluginDefinition;
	readonly action: Action;
	readonly facts: ActionFacts;
}
export interface Broken {
	readonly plugin: string;
	readonly title: string;
	readonly reason: string;
}
export interface LoadedPlugins {
	/** By action id, in the order of the plugins. */
	readonly listed: ReadonlyMap<string, Listed>;
	readonly broken: readonly Broken[];
}

export async function loadPlugins(plugins: readonly PluginDefinition[]): Promise<LoadedPlugins> {
	const listed = new Map<string, Listed>();
	const broken: Broken[] = [];
	const ids = new Set<string>();
	for (const [index, plugin] of plugins.entries()) {
		const problems = [...checkPlugin(plugin), ...clashes(plugin, ids, listed)];
		if (problems.length > 0) {
			broken.push({ ...nameOf(plugin, index), reason: `This plugin is malformed: ${problems.join('; ')}.` });
			continue;
		}
		ids.add(plugin.id);
		for (const action of plugin.actions)
			listed.set(action.id, { plugin, action, facts: await factsOf(action) });
	}
	return { listed, broken };
}

function clashes(
	plugin: PluginDefinition,
	pluginIds: ReadonlySet<string>,
	listed: ReadonlyMap<string, Listed>
): string[] {
	try {
		const taken = plugin.actions
			.filter(({ id }) => listed.has(id))
			.map(({ id }) => `the action ${id} belongs to another plugin`);
		return pluginIds.has(plugin.id) ? ['its id belongs to another plugin', ...taken] : taken;
	} catch {
		return [];
	}
}

function nameOf(plugin: unknown, index: number): { readonly plugin: string; readonly title: string } {
	const fallback = `plugin-${index + 1}`;
	try {
		if (!isJsonObject(plugin)) return { plugin: fallback, title: fallback };
		const id = typeof plugin['id'] === 'string' && plugin['id'] !== '' ? plugin['id'].slice(0, 64) : fallback;
		const title = typeof plugin['title'] === 'string' ? plugin['title'].slice(0, 100) : id;
		return { plugin: id, title };
	} catch {
		return { plugin: fallback, title: fallback };
	}
}

async function factsOf(action: Action): Promise<ActionFacts> {
	const { id, title, description, input, effects, replay } = action;
	const manifest = canonicalJson({ id, description, input, effects, replay });
	const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(manifest));
	return {
		action: id,
		title,
		description,
		defHash: Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join(''),
		input,
		effects,
		replay,
		undoable: action.undo !== undefined,
		knownDestinations: action.knownDestinations ?? [],
		timeoutMs: action.timeoutMs ?? defaultTimeoutMs
	};
}
