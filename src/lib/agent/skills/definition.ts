/**
 * What a plugin must be, checked when the catalog starts: types hold at compile time, and a
 * plugin may come from elsewhere. Total: a getter that throws is one more problem.
 */

import { isJsonObject, type Json } from '../../wire/json';

const pluginId = /^[a-z][a-z0-9-]{0,39}$/;
const actionId = /^[a-z][a-z0-9_]{0,63}$/;
const hostName = /^(?:\*|[a-z0-9-]+(?:\.[a-z0-9-]+)+(?::\d{1,5})?)$/;

const capabilities = ['tools', 'mcp', 'cloudflare-api', 'connectors', 'models', 'artifacts', 'admin'];
const services = ['sessions', 'catalog', 'health', 'relay'];
const effects = [
	'readPrivate',
	'readUntrusted',
	'writeLocal',
	'writeRemote',
	'egress',
	'spend',
	'execute',
	'irreversible'
];
const replays = ['pure', 'local', 'keyed', 'checkable', 'once'];

/** What is wrong with a plugin, in words; empty when nothing is. */
export function checkPlugin(definition: unknown): readonly string[] {
	try {
		return problemsOf(definition);
	} catch {
		return ['its definition cannot be read'];
	}
}

function problemsOf(definition: unknown): string[] {
	if (!isRecord(definition)) return ['it is not a plugin'];
	const problems: string[] = [];
	if (!isText(definition['id']) || !pluginId.test(definition['id']))
		problems.push('its id must match [a-z][a-z0-9-]*');
	if (!isText(definition['title'])) problems.push('it has no title');
	if (!isText(definition['description'])) problems.push('it has no description');
	checkSet(definition['capabilities'], capabilities, 'capability', problems);
	if (listOf(definition['capabilities']).length === 0) problems.push('it names no capability');
	if (definition['needs'] !== undefined) checkSet(definition['needs'], services, 'service', problems);
	const hosts = listOf(definition['hosts']);
	for (const host of hosts) {
		if (!isText(host) || !hostName.test(host)) problems.push(`${String(host)} is no host name`);
	}
	for (const secret of listOf(definition['secrets'])) {
		if (!isRecord(secret) || !isText(secret['name']) || !hosts.includes(secret['host'])) {
			problems.push('each secret needs a name and one of the declared hosts');
		}
	}
	const actions = listOf(definition['actions']);
	if (actions.length === 0 && listOf(definition['guides']).length === 0)
		problems.push('it brings no action and no guide');
	const seen = new Set<unknown>();
	for (const action of actions) {
		problems.push(...problemsOfAction(action));
		const id = isRecord(action) ? action['id'] : undefined;
		if (seen.has(id)) problems.push(`the action ${String(id)} is there twice`);
		seen.add(id);
	}
	return problems;
}

function problemsOfAction(action: unknown): string[] {
	if (!isRecord(action)) return ['an action is no object'];
	const id = action['id'];
	if (!isText(id) || !actionId.test(id)) return [`the action id ${String(id)} must match [a-z][a-z0-9_]*`];
	const problems: string[] = [];
	if (!isText(action['title'])) problems.push(`${id} has no title`);
	if (!isText(action['description'])) problems.push(`${id} has no description`);
	if (typeof action['run'] !== 'function') problems.push(`${id} has nothing to run`);
	if (!isInputSchema(action['input'])) {
		problems.push(`the input of ${id} must be a schema of type object with additionalProperties false`);
	}
	checkSet(action['effects'], effects, 'effect', problems);
	if (!isText(action['replay']) || !replays.includes(action['replay']))
		problems.push(`${id} has no known replay`);
	if (action['replay'] === 'checkable' && typeof action['probe'] !== 'function')
		problems.push(`${id} is checkable but has no probe`);
	if (action['preview'] !== undefined && typeof action['preview'] !== 'function')
		problems.push(`the preview of ${id} is no function`);
	const undo = action['undo'];
	if (undo !== undefined && listOf(action['effects']).includes('irreversible')) {
		problems.push(`${id} is irreversible and cannot offer undo`);
	}
	if (
		undo !== undefined &&
		!(isRecord(undo) && typeof undo['capture'] === 'function' && typeof undo['apply'] === 'function')
	) {
		problems.push(`the undo of ${id} needs capture and apply`);
	}
	return problems;
}

function isInputSchema(input: unknown): boolean {
	if (!isRecord(input) || input['type'] !== 'object' || input['additionalProperties'] !== false) return false;
	const properties = input['properties'];
	if (properties !== undefined && !isRecord(properties)) return false;
	return listOf(input['required']).every(
		(key) => isText(key) && isRecord(properties) && Object.hasOwn(properties, key)
	);
}

function checkSet(value: unknown, allowed: readonly string[], word: string, problems: string[]): void {
	if (!Array.isArray(value)) {
		problems.push(`its list of ${word === 'capability' ? 'capabilities' : `${word}s`} is missing`);
		return;
	}
	const seen = new Set<unknown>();
	for (const one of listOf(value)) {
		if (!isText(one) || !allowed.includes(one)) problems.push(`${String(one)} is no known ${word}`);
		else if (seen.has(one)) problems.push(`the ${word} ${one} is named twice`);
		seen.add(one);
	}
}

function listOf(value: unknown): readonly unknown[] {
	return Array.isArray(value) ? value : [];
}

function isText(value: unknown): value is string {
	return typeof value === 'string' && value.length > 0;
}

function isRecord(value: unknown): value is { readonly [key: string]: unknown } {
	return isJsonObject(value);
}

/** Names of an input's properties with what the form and rehearsal must know of each. */
export interface InputField {
	readonly name: string;
	readonly types: readonly string[];
	readonly isRequired: boolean;
	readonly description: string;
}

export function inputFields(input: Json): readonly InputField[] {
	if (!isJsonObject(input) || !isJsonObject(input['properties'])) return [];
	const required = listOf(input['required']);
	return Object.entries(input['properties']).map(([name, schema]) => {
		const type = isJsonObject(schema) ? schema['type'] : undefined;
		const description = isJsonObject(schema) ? schema['description'] : undefined;
		return {
			name,
			types: listOf(Array.isArray(type) ? type : [type]).filter((one) => typeof one === 'string'),
			isRequired: required.includes(name),
			description: typeof description === 'string' ? description : ''
		};
	});
}
