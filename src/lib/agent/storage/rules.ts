/**
 * What every adapter of the store port checks in the same way: keys, bounds of a range,
 * the epoch fence and a commit's expectations. Pure; knows no database.
 */

import { AppError } from '../../wire/errors';
import type { Commit, Expectation, RangeQuery } from './store';

const printableAscii = /^[\x20-\x7e]+$/;

/** Keys compare by code unit on every platform only because they are ASCII. */
export function checkKey(key: string): void {
	if (typeof key === 'string' && printableAscii.test(key)) return;
	throw new AppError('input/invalid', {
		message: 'A storage key must be printable ASCII and not empty.',
		data: { key: String(key).slice(0, 100) }
	});
}

export function checkCommit(commit: Commit): void {
	for (const { key } of commit.expect ?? []) checkKey(key);
	for (const { key } of commit.delete ?? []) checkKey(key);
	for (const { key, row } of commit.put ?? []) {
		checkKey(key);
		if (typeof row !== 'object' || row === null) {
			throw new AppError('input/invalid', { message: 'A stored row must be an object.', data: { key } });
		}
	}
}

/** Lower bound inclusive, upper exclusive; `null` where nothing can match. */
export interface Bounds {
	readonly lower: string | undefined;
	readonly upper: string | undefined;
}

export function boundsOf(query: RangeQuery): Bounds | null {
	let lower = query.from;
	let upper = query.to;
	if (query.prefix !== undefined && query.prefix !== '') {
		const { prefix } = query;
		// U+007F is above every character that a key may hold.
		const end = `${prefix}\x7f`;
		if (lower === undefined || lower < prefix) lower = prefix;
		if (upper === undefined || upper > end) upper = end;
	}
	if (query.limit !== undefined && query.limit <= 0) return null;
	if (lower !== undefined && upper !== undefined && lower >= upper) return null;
	return { lower, upper };
}

/** A missing or unreadable row counts as epoch 0. */
export function epochOf(row: unknown): number {
	if (typeof row !== 'object' || row === null || !('epoch' in row)) return 0;
	return typeof row.epoch === 'number' ? row.epoch : 0;
}

export function holds(expectation: Expectation, row: unknown): boolean {
	if ('absent' in expectation) return row === undefined;
	if (typeof row !== 'object' || row === null) return false;
	return Object.hasOwn(row, expectation.field) && Reflect.get(row, expectation.field) === expectation.is;
}

export function staleEpoch(held: number, stored: number): AppError {
	return new AppError('storage/stale-epoch', { data: { held, stored } });
}

export function conflict(expectation: Expectation): AppError {
	return new AppError('storage/conflict', { data: { table: expectation.table, key: expectation.key } });
}

export function gone(cause?: unknown): AppError {
	return new AppError('storage/gone', cause === undefined ? {} : { cause });
}
