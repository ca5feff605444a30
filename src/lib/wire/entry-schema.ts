/**
 * Entries and session records from outside (files, links, other devices) as schemas. Unknown
 * fields are dropped, unknown parts are a fault of the part; depth and numbers are bounded,
 * so that what passes can be cloned, hashed and written as JSON again.
 */

import * as z from 'zod/mini';
import type { Entry, Part, ResponseMeta, Usage } from './entries';
import type { ErrorId, WireError } from './errors';
import { isErrorId } from './errors';
import type { Json, JsonObject } from './json';
import type { Labels } from './labels';

/** Never a probe for `new Function`, which the page's policy would report. */
z.config({ jitless: true });

const maximumDepth = 100;

/** A JSON value of bounded depth; iterative, since a deeper one would overflow the stack. */
export function isBoundedJson(value: unknown): value is Json {
	let level: unknown[] = [value];
	for (let depth = 0; level.length > 0; depth++) {
		if (depth > maximumDepth) return false;
		const next: unknown[] = [];
		for (const one of level) {
			if (one === null || typeof one === 'string' || typeof one === 'boolean') continue;
			if (typeof one === 'number') {
				if (!Number.isFinite(one)) return false;
			} else if (Array.isArray(one)) for (const inner of one) next.push(inner);
			else if (typeof one === 'object') for (const key of Object.keys(one)) next.push(Reflect.get(one, key));
			else return false;
		}
		level = next;
	}
	return true;
}

const json = z.custom<Json>(isBoundedJson);
const jsonObject = z.custom<JsonObject>(
	(value) => typeof value === 'object' && value !== null && !Array.isArray(value) && isBoundedJson(value)
);
const id = z.string().check(z.minLength(1), z.maxLength(200));
const count = z.number().check(z.gte(0));
const extras = z.exactOptional(jsonObject);

const modelRef = z.object({ provider: z.string(), model: z.string() });
const usage: z.ZodMiniType<Usage> = z.object({
	input: count,
	output: count,
	cacheRead: count,
	cacheWrite: count,
	reasoning: count
});
const wireError: z.ZodMiniType<WireError> = z.object({
	/** An id of a newer build is kept as a failure of some kind. */
	id: z.catch(z.custom<ErrorId>(isErrorId), 'internal/unexpected'),
	message: z.string(),
	retryable: z.boolean(),
	data: z.exactOptional(json)
});

export const labelsSchema: z.ZodMiniType<Labels> = z.object({
	integrity: z.enum(['user', 'own', 'untrusted']),
	private: z.boolean(),
	sources: z.array(z.string()).check(z.maxLength(20))
});

export const partSchema: z.ZodMiniType<Part> = z.discriminatedUnion('type', [
	z.object({
		type: z.literal('text'),
		text: z.string(),
		citations: z.exactOptional(z.array(z.object({ url: z.string(), title: z.exactOptional(z.string()) }))),
		extras
	}),
	z.object({ type: z.literal('reasoning'), text: z.string(), extras }),
	z.object({
		type: z.literal('call'),
		callId: id,
		action: z.string(),
		args: json,
		badArgs: z.exactOptional(z.string()),
		via: z.enum(['native', 'fence']),
		extras
	}),
	z.object({
		type: z.literal('result'),
		callId: id,
		action: z.string(),
		status: z.enum(['ok', 'error', 'rejected', 'not-run', 'unknown']),
		output: json,
		error: z.exactOptional(wireError),
		startedAt: z.number(),
		durationMs: z.number(),
		effectKey: z.exactOptional(z.string()),
		undo: z.exactOptional(z.object({ label: z.string() }))
	}),
	z.object({
		type: z.literal('file'),
		blob: z.string(),
		name: z.string(),
		mediaType: z.string(),
		size: count
	}),
	z.object({ type: z.literal('refusal'), text: z.string(), extras }),
	z.object({ type: z.literal('provider'), provider: z.string(), gist: z.string(), raw: json })
]);

const response: z.ZodMiniType<ResponseMeta> = z.object({
	model: modelRef,
	stop: z.enum(['end', 'calls', 'length', 'refused', 'pause', 'cut', 'aborted', 'error']),
	error: z.exactOptional(wireError),
	usage,
	durationMs: z.number(),
	responseId: z.exactOptional(z.string()),
	attempts: z.exactOptional(
		z.array(
			z.object({
				model: modelRef,
				ok: z.boolean(),
				error: z.exactOptional(wireError),
				durationMs: z.number()
			})
		)
	),
	extras: z.exactOptional(jsonObject)
});

const shell = {
	id,
	sessionId: id,
	parentId: z.nullable(id),
	turnId: z.exactOptional(z.string()),
	v: z.number().check(z.int(), z.gte(1)),
	kind: z.enum(['user', 'assistant', 'result', 'summary', 'note']),
	author: z.object({ device: z.string(), principal: z.string() }),
	labels: labelsSchema,
	lam: count,
	at: z.number(),
	response: z.exactOptional(response),
	covers: z.exactOptional(z.object({ upTo: z.string() }))
};

export const entrySchema: z.ZodMiniType<Entry> = z.object({ ...shell, parts: z.array(partSchema) });

/** An entry whose parts are still to be looked at, one by one. */
export const entryShellSchema = z.object({ ...shell, parts: z.array(z.unknown()) });

function register<T>(value: z.ZodMiniType<T>) {
	return z.exactOptional(z.object({ value, lam: count, dev: z.string() }));
}

/** Matches `SessionRecord` of `agent/sessions/records.ts`. */
export const sessionRecordSchema = z.object({
	id,
	v: z.number().check(z.int(), z.gte(1)),
	createdAt: z.number(),
	temporary: z.boolean(),
	origin: z.exactOptional(z.object({ sessionId: id, entryId: id })),
	registers: z.object({
		title: register(z.string()),
		titleBy: register(z.enum(['none', 'auto', 'user'])),
		head: register(z.nullable(z.string())),
		pinned: register(z.boolean()),
		archived: register(z.boolean()),
		hidden: register(z.boolean()),
		folder: register(z.string()),
		tags: register(z.array(z.string())),
		mode: register(z.enum(['propose', 'selective', 'auto'])),
		model: register(z.nullable(modelRef)),
		effort: register(z.string()),
		webSearch: register(z.boolean()),
		touchedAt: register(z.number()),
		preview: register(z.string()),
		entryCount: register(z.number())
	})
});
export type WireSessionRecord = z.infer<typeof sessionRecordSchema>;
