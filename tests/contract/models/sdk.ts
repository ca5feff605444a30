/** What the tests need to drive a provider's official SDK with a recording. */

import type { Recording } from './recordings';

/** A `fetch` that answers every request with the recording. */
export function answerWith(recording: Recording): (input: unknown, init?: unknown) => Promise<Response> {
	// One recording lacks the blank line after its last event, without which the SDK waits for it in vain.
	const bytes = recording.text.endsWith('\n\n') ? recording.bytes : `${recording.text}\n\n`;
	return () =>
		Promise.resolve(
			new Response(bytes, { status: 200, headers: { 'content-type': 'text/event-stream; charset=utf-8' } })
		);
}

export function isRecord(value: unknown): value is Record<string, unknown> {
	return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function listOf(value: unknown, field?: string): readonly unknown[] {
	const list = field !== undefined && isRecord(value) ? value[field] : value;
	return Array.isArray(list) ? list : [];
}

/** A copy without these fields, at any depth. */
export function withoutFields(value: unknown, names: readonly string[]): unknown {
	if (Array.isArray(value)) return value.map((item) => withoutFields(item, names));
	if (!isRecord(value)) return value;
	return Object.fromEntries(
		Object.entries(value)
			.filter(([name]) => !names.includes(name))
			.map(([name, member]) => [name, withoutFields(member, names)])
	);
}
