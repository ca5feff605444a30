/**
 * Total readers of stored entries, segments and session records: a stored value in, a record
 * of today out, or a plain answer why not. A broken part costs a part, a broken element one
 * entry, a broken register its value; what is left stays usable. Nothing here throws.
 */

import type { Entry, EntryKind, Part } from '../../wire/entries';
import type { Labels } from '../../wire/labels';
import { defaultFacts, type SessionFacts, type SessionRecord } from './records';
import { isLabels, isModelRef, isNumber, isOptional, isPart, isResponseMeta, isString } from './read-part';
import { isRecord, upcast } from './upcast';

export type ReadEntry =
	| { readonly state: 'ok'; readonly entry: Entry }
	/**
	 * `entry` is what can be used of it; `raw` is what is stored, and what must be written back.
	 * repaired: some part was unreadable · opaque: of a newer build; an empty entry holds its place in the tree.
	 */
	| { readonly state: 'repaired' | 'opaque'; readonly entry: Entry; readonly raw: unknown }
	| { readonly state: 'bad' };

const kinds: Record<EntryKind, true> = {
	user: true,
	assistant: true,
	result: true,
	summary: true,
	note: true
};
/** Labels that cannot be read are taken for the strictest. */
const strictestLabels: Labels = { integrity: 'untrusted', private: true, sources: [] };

export function readEntry(row: unknown): ReadEntry {
	const current = upcast('entry', row);
	const value = current.ok ? current.record : current.opaque;
	if (isEntry(value) && current.ok) return { state: 'ok', entry: value };
	if (!isRecord(value)) return { state: 'bad' };
	const { id, sessionId, parentId, v, kind } = value;
	if (!isString(id) || id === '' || !isString(sessionId)) return { state: 'bad' };
	if (parentId !== null && !isString(parentId)) return { state: 'bad' };
	if (!isNumber(v) || !isString(kind)) return { state: 'bad' };
	const shell = {
		id,
		sessionId,
		parentId,
		...(isString(value.turnId) ? { turnId: value.turnId } : {}),
		v,
		author: isAuthor(value.author) ? value.author : { device: '', principal: 'unknown' },
		labels: isLabels(value.labels) ? value.labels : strictestLabels,
		lam: isNumber(value.lam) ? value.lam : 0,
		at: isNumber(value.at) ? value.at : 0
	};
	if (!current.ok || !isKind(kind)) {
		// A result without a call is shown nowhere and sent to no model.
		return { state: 'opaque', entry: { ...shell, kind: 'result', parts: [] }, raw: row };
	}
	const parts: Part[] = Array.isArray(value.parts) ? value.parts.filter(isPart) : [];
	const entry: Entry = {
		...shell,
		kind,
		parts,
		...(isResponseMeta(value.response) ? { response: value.response } : {}),
		...(isCovers(value.covers) ? { covers: value.covers } : {})
	};
	return { state: 'repaired', entry, raw: row };
}

export function isEntry(value: unknown): value is Entry {
	return (
		isRecord(value) &&
		isString(value.id) &&
		value.id !== '' &&
		isString(value.sessionId) &&
		(value.parentId === null || isString(value.parentId)) &&
		isOptional(value.turnId, isString) &&
		isNumber(value.v) &&
		isString(value.kind) &&
		isKind(value.kind) &&
		isAuthor(value.author) &&
		Array.isArray(value.parts) &&
		value.parts.every(isPart) &&
		isLabels(value.labels) &&
		isNumber(value.lam) &&
		isNumber(value.at) &&
		isOptional(value.response, isResponseMeta) &&
		isOptional(value.covers, isCovers)
	);
}

/** The elements are read one by one with `readEntry`. */
export function readSegment(
	row: unknown
): { readonly firstOrd: number; readonly elements: readonly unknown[] } | null {
	const current = upcast('segment', row);
	if (!current.ok) return null;
	const { firstOrd, entries } = current.record;
	if (!isNumber(firstOrd) || !Array.isArray(entries)) return null;
	const elements: readonly unknown[] = entries;
	return { firstOrd, elements };
}

export function readSessionRecord(row: unknown): SessionRecord | null {
	const current = upcast('session', row);
	if (!current.ok) return null;
	const { id, v, createdAt, temporary, origin, registers, ...others } = current.record;
	if (!isString(id) || id === '' || !isNumber(v)) return null;
	const readable: SessionRecord['registers'] = isRecord(registers) ? goodRegisters(registers) : {};
	return {
		// What a newer build added at the same version stays with the record.
		...others,
		id,
		v,
		createdAt: isNumber(createdAt) ? createdAt : 0,
		temporary: temporary === true,
		registers: readable,
		...(isOrigin(origin) ? { origin } : {})
	};
}

const factChecks: { readonly [K in keyof SessionFacts]: (value: unknown) => value is SessionFacts[K] } = {
	title: isString,
	titleBy: (value): value is SessionFacts['titleBy'] =>
		value === 'none' || value === 'auto' || value === 'user',
	head: (value): value is string | null => value === null || isString(value),
	pinned: isBoolean,
	archived: isBoolean,
	hidden: isBoolean,
	folder: isString,
	tags: (value): value is readonly string[] => Array.isArray(value) && value.every(isString),
	mode: (value): value is SessionFacts['mode'] =>
		value === 'propose' || value === 'selective' || value === 'auto',
	model: (value): value is SessionFacts['model'] => value === null || isModelRef(value),
	effort: isString,
	webSearch: isBoolean,
	touchedAt: isNumber,
	preview: isString,
	entryCount: isNumber
};

/** Drops registers whose value or clock cannot be read; registers of a newer build are kept. */
function goodRegisters(registers: Record<string, unknown>): SessionRecord['registers'] {
	const good: Record<string, unknown> = {};
	for (const [name, register] of Object.entries(registers)) {
		if (!isRecord(register) || !isNumber(register.lam) || !isString(register.dev)) continue;
		if (isFactName(name) && !factChecks[name](register.value)) continue;
		good[name] = register;
	}
	return good;
}

function isFactName(name: string): name is keyof SessionFacts {
	return Object.hasOwn(defaultFacts, name);
}

function isKind(kind: string): kind is EntryKind {
	return Object.hasOwn(kinds, kind);
}

function isBoolean(value: unknown): value is boolean {
	return typeof value === 'boolean';
}

function isAuthor(value: unknown): value is Entry['author'] {
	return isRecord(value) && isString(value.device) && isString(value.principal);
}

function isCovers(value: unknown): value is { readonly upTo: string } {
	return isRecord(value) && isString(value.upTo);
}

function isOrigin(value: unknown): value is { readonly sessionId: string; readonly entryId: string } {
	return isRecord(value) && isString(value.sessionId) && isString(value.entryId);
}
