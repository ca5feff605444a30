/** What is kept of a remembered fact, and how it is found again. One row a fact, `fact/{id}`. */

import { isJsonObject, type Json } from '../../wire/json';
import type { PluginStorage } from '../plugin';

export interface Fact {
	readonly id: string;
	readonly text: string;
	readonly tags: readonly string[];
	readonly createdAt: number;
}

const prefix = 'fact/';

export function factKey(id: string): string {
	return prefix + id;
}

/** All facts, oldest first; a row that cannot be read is passed over. Looking taints nothing. */
export async function allFacts(storage: Pick<PluginStorage, 'scan'>): Promise<readonly Fact[]> {
	const rows = await storage.scan(prefix);
	return rows
		.map(({ key, value }) => readFact(key.slice(prefix.length), value))
		.filter((fact) => fact !== undefined);
}

/** As a person reads it: `I like tea (drinks)`. */
export function factText({ text, tags }: Pick<Fact, 'text' | 'tags'>): string {
	return tags.length === 0 ? text : `${text} (${tags.join(', ')})`;
}

export function readFact(id: string, value: Json): Fact | undefined {
	if (!isJsonObject(value) || typeof value['text'] !== 'string') return undefined;
	const { tags, createdAt } = value;
	return {
		id,
		text: value['text'],
		tags: Array.isArray(tags) ? tags.filter((tag) => typeof tag === 'string') : [],
		createdAt: typeof createdAt === 'number' ? createdAt : 0
	};
}

/** `- I like tea` → `I like tea`; empty lines and repeats go. */
export function factLines(text: string): readonly string[] {
	const lines = text.split('\n').map((line) => line.replace(/^\s*(?:[-*•]|\d+[.)])\s+/, '').trim());
	return [...new Set(lines.filter((line) => line !== ''))];
}
