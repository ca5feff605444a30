/**
 * Total readers of an entry's parts: hand-written, because a session of 10,000 entries is read
 * in one go and a schema costs ten times as much. Nothing here throws, whatever it is given.
 */

import type { CallStatus, ModelRef, Part, ResponseMeta, StopReason, Usage } from '../../wire/entries';
import { isWireError } from '../../wire/errors';
import type { Labels } from '../../wire/labels';
import { isRecord } from './upcast';

const statuses: Record<CallStatus, true> = {
	ok: true,
	error: true,
	rejected: true,
	'not-run': true,
	unknown: true
};
const stops: Record<StopReason, true> = {
	end: true,
	calls: true,
	length: true,
	refused: true,
	pause: true,
	cut: true,
	aborted: true,
	error: true
};

export function isPart(value: unknown): value is Part {
	if (!isRecord(value) || !isOptional(value.extras, isRecord)) return false;
	switch (value.type) {
		case 'text':
			return isString(value.text) && isOptional(value.citations, isCitations);
		case 'reasoning':
		case 'refusal':
			return isString(value.text);
		case 'call':
			return (
				isString(value.callId) &&
				isString(value.action) &&
				value.args !== undefined &&
				isOptional(value.badArgs, isString) &&
				(value.via === 'native' || value.via === 'fence')
			);
		case 'result':
			return (
				isString(value.callId) &&
				isString(value.action) &&
				isString(value.status) &&
				Object.hasOwn(statuses, value.status) &&
				value.output !== undefined &&
				isOptional(value.error, isWireError) &&
				isNumber(value.startedAt) &&
				isNumber(value.durationMs) &&
				isOptional(value.effectKey, isString) &&
				isOptional(value.undo, isUndo)
			);
		case 'file':
			return (
				isString(value.blob) && isString(value.name) && isString(value.mediaType) && isNumber(value.size)
			);
		case 'provider':
			return isString(value.provider) && isString(value.gist) && value.raw !== undefined;
		default:
			return false;
	}
}

export function isResponseMeta(value: unknown): value is ResponseMeta {
	return (
		isRecord(value) &&
		isModelRef(value.model) &&
		isString(value.stop) &&
		Object.hasOwn(stops, value.stop) &&
		isOptional(value.error, isWireError) &&
		isUsage(value.usage) &&
		isNumber(value.durationMs) &&
		isOptional(value.responseId, isString) &&
		isOptional(value.attempts, isAttempts) &&
		isOptional(value.extras, isRecord)
	);
}

export function isLabels(value: unknown): value is Labels {
	return (
		isRecord(value) &&
		(value.integrity === 'user' || value.integrity === 'own' || value.integrity === 'untrusted') &&
		typeof value.private === 'boolean' &&
		Array.isArray(value.sources) &&
		value.sources.every(isString)
	);
}

export function isModelRef(value: unknown): value is ModelRef {
	return isRecord(value) && isString(value.provider) && isString(value.model);
}

export function isUsage(value: unknown): value is Usage {
	return (
		isRecord(value) &&
		isNumber(value.input) &&
		isNumber(value.output) &&
		isNumber(value.cacheRead) &&
		isNumber(value.cacheWrite) &&
		isNumber(value.reasoning)
	);
}

export function isString(value: unknown): value is string {
	return typeof value === 'string';
}

export function isNumber(value: unknown): value is number {
	return typeof value === 'number' && Number.isFinite(value);
}

export function isOptional<T>(value: unknown, is: (value: unknown) => value is T): value is T | undefined {
	return value === undefined || is(value);
}

function isCitations(value: unknown): value is readonly { url: string }[] {
	return (
		Array.isArray(value) &&
		value.every((one: unknown) => isRecord(one) && isString(one.url) && isOptional(one.title, isString))
	);
}

function isUndo(value: unknown): value is { label: string } {
	return isRecord(value) && isString(value.label);
}

function isAttempts(value: unknown): value is ResponseMeta['attempts'] {
	return (
		Array.isArray(value) &&
		value.every(
			(one: unknown) =>
				isRecord(one) &&
				isModelRef(one.model) &&
				typeof one.ok === 'boolean' &&
				isOptional(one.error, isWireError) &&
				isNumber(one.durationMs)
		)
	);
}
