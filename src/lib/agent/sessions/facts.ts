/**
 * A session's facts are registers: last writer wins, by `(lam, dev)` alone, so that two
 * devices that saw the same writes in any order agree. Pure.
 */

import { canonicalJson, type Json } from '../../wire/json';
import type { SessionRow, TurnDisplay } from '../../wire/view';
import { defaultFacts, type Register, type SessionFacts, type SessionRecord } from './records';
import { isRecord } from './upcast';

type Registers = SessionRecord['registers'];

export function facts(record: SessionRecord): SessionFacts {
	const { registers } = record;
	// Written out: it is asked for several times a commit, and a loop over the names costs ten times as much.
	return {
		title: valueOf(registers.title, defaultFacts.title),
		titleBy: valueOf(registers.titleBy, defaultFacts.titleBy),
		head: valueOf(registers.head, defaultFacts.head),
		pinned: valueOf(registers.pinned, defaultFacts.pinned),
		archived: valueOf(registers.archived, defaultFacts.archived),
		hidden: valueOf(registers.hidden, defaultFacts.hidden),
		folder: valueOf(registers.folder, defaultFacts.folder),
		tags: valueOf(registers.tags, defaultFacts.tags),
		mode: valueOf(registers.mode, defaultFacts.mode),
		model: valueOf(registers.model, defaultFacts.model),
		effort: valueOf(registers.effort, defaultFacts.effort),
		webSearch: valueOf(registers.webSearch, defaultFacts.webSearch),
		touchedAt: valueOf(registers.touchedAt, defaultFacts.touchedAt),
		preview: valueOf(registers.preview, defaultFacts.preview),
		entryCount: valueOf(registers.entryCount, defaultFacts.entryCount)
	};
}

function valueOf<T>(register: Register<T> | undefined, absent: T): T {
	return register === undefined ? absent : register.value;
}

/** The record with these facts written at `lam` by `device`; an older write than what stands there changes nothing. */
export function setFacts(
	record: SessionRecord,
	patch: Partial<SessionFacts>,
	stamp: { readonly lam: number; readonly dev: string }
): SessionRecord {
	const written: Record<string, Register<unknown>> = {};
	for (const [name, value] of Object.entries(patch)) {
		if (value !== undefined) written[name] = { value, lam: stamp.lam, dev: stamp.dev };
	}
	return { ...record, registers: mergeRegisters(record.registers, written) };
}

/** Commutative, associative, idempotent. Registers of a newer build merge like any other. */
export function mergeRegisters(a: Registers, b: Registers): Registers {
	const merged: Record<string, unknown> = { ...a };
	for (const [name, theirs] of Object.entries(b)) {
		const mine = merged[name];
		if (!isRegister(mine) || wins(theirs, mine)) merged[name] = theirs;
	}
	return merged;
}

function wins(challenger: Register<unknown>, holder: Register<unknown>): boolean {
	if (challenger.lam !== holder.lam) return challenger.lam > holder.lam;
	if (challenger.dev !== holder.dev) return challenger.dev > holder.dev;
	// The same device at the same time twice: any order will do, as long as it is the same everywhere.
	return textOf(challenger.value) > textOf(holder.value);
}

function textOf(value: unknown): string {
	return isJson(value) ? canonicalJson(value) : '';
}

function isJson(value: unknown): value is Json {
	return (
		value !== undefined &&
		typeof value !== 'function' &&
		typeof value !== 'symbol' &&
		typeof value !== 'bigint'
	);
}

function isRegister(value: unknown): value is Register<unknown> {
	return isRecord(value) && typeof value.lam === 'number' && typeof value.dev === 'string';
}

export function rowOf(record: SessionRecord, turn: TurnDisplay = 'idle'): SessionRow {
	const { title, touchedAt, pinned, archived, folder, tags, preview, entryCount } = facts(record);
	return {
		id: record.id,
		title,
		createdAt: record.createdAt,
		touchedAt: touchedAt === 0 ? record.createdAt : touchedAt,
		pinned,
		archived,
		folder,
		tags,
		preview,
		temporary: record.temporary,
		entryCount,
		turn
	};
}
