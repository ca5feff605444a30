/** The rows of durable jobs, and total readers for them. */

import { isWireError, type WireError } from '../../wire/errors';
import type { ParkReason } from '../../wire/events';
import type { Json } from '../../wire/json';
import { isRecord, upcast } from '../sessions/upcast';
import type { ParkAnswer } from './park';

export const fiberVersion = 1;

export interface FiberRecord {
	readonly fiberId: string;
	readonly v: number;
	/** Who knows how to run it, e.g. `import` or `briefing`. */
	readonly kind: string;
	readonly input: Json;
	/** parked: waits for an answer or a time; costs no attempt, however often it is recovered. */
	readonly state: 'running' | 'parked' | 'ended';
	/** Runs begun without a newly settled step. */
	readonly attempt: number;
	readonly createdAt: number;
	readonly endedAt?: number;
	readonly result?: Json;
	readonly error?: WireError;
}

export interface FiberStepRecord {
	readonly fiberId: string;
	readonly name: string;
	readonly v: number;
	readonly kind: 'step' | 'sleep' | 'park';
	readonly state: 'open' | 'settled';
	readonly at: number;
	/** Of a settled step: its result. Of an answered park: its ParkAnswer. */
	readonly value?: Json;
	readonly reason?: ParkReason;
	readonly waitingFor?: readonly string[];
	readonly wakeAt?: number;
}

export function readFiber(row: unknown): FiberRecord | null {
	const current = upcast('fiber', row);
	return current.ok && isFiber(current.record) ? current.record : null;
}

export function readFiberStep(row: unknown): FiberStepRecord | null {
	const current = upcast('fiber', row);
	return current.ok && isFiberStep(current.record) ? current.record : null;
}

export function isParkAnswer(value: unknown): value is ParkAnswer & { readonly [name: string]: Json } {
	return isRecord(value) && typeof value.id === 'string' && value.value !== undefined;
}

function isFiber(value: unknown): value is FiberRecord {
	return (
		isRecord(value) &&
		typeof value.fiberId === 'string' &&
		typeof value.kind === 'string' &&
		value.input !== undefined &&
		(value.state === 'running' || value.state === 'parked' || value.state === 'ended') &&
		typeof value.attempt === 'number' &&
		typeof value.createdAt === 'number' &&
		(value.error === undefined || isWireError(value.error))
	);
}

function isFiberStep(value: unknown): value is FiberStepRecord {
	return (
		isRecord(value) &&
		typeof value.fiberId === 'string' &&
		typeof value.name === 'string' &&
		(value.kind === 'step' || value.kind === 'sleep' || value.kind === 'park') &&
		(value.state === 'open' || value.state === 'settled') &&
		typeof value.at === 'number' &&
		(value.wakeAt === undefined || typeof value.wakeAt === 'number') &&
		(value.waitingFor === undefined || Array.isArray(value.waitingFor))
	);
}
