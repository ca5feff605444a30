/**
 * What devices of a home tell each other: operations. Each is small, immutable and known by its id; merging
 * them is a union and a maximum, so their order never matters. What an older build does not understand it
 * keeps and hands on as it came.
 */

import * as z from 'zod/mini';
import type { Json } from './json';

/** As the agent's Lamport clock: one absurd stamp must not use it up. */
const highestLam = 2 ** 50;

/** A name that JavaScript treats apart would be lost on the way through an object. */
const id = z.string().check(z.regex(/^(?!__proto__$)[A-Za-z0-9_.:-]{1,64}$/));
const key = z.string().check(z.regex(/^(?!__proto__$)[^]{1,512}$/));
const lam = z.number().check(z.int(), z.nonnegative(), z.lt(highestLam));
/** Parsed from JSON: whatever it is, it is JSON. */
const json = z.custom<Json>((value) => value !== undefined);

const common = {
	v: z.number().check(z.int(), z.positive()),
	/** 128 random bits or more, unique in the room. */
	opId: id,
	/** `kid` of the device that wrote it. */
	dev: id,
	lam,
	/** Wall clock in milliseconds and a counter: for display alone, nothing is decided by it. */
	hlc: z.tuple([z.number(), z.number()]),
	/** What its author had before it, where that matters to a reader. */
	deps: z.array(id).check(z.maxLength(64))
};
const first = { ...common, v: z.literal(1) };

/** Of any version and type: enough to keep it and to hand it on. */
export const anyOperation = z.object({ ...common, type: z.string().check(z.maxLength(64)), body: json });
export type AnyOperation = z.infer<typeof anyOperation>;

export const knownOperation = z.discriminatedUnion('type', [
	/** A node of the grow-only tree. An edit is another node with the same parent. */
	z.object({
		...first,
		type: z.literal('node.add'),
		body: z.object({ node: id, parent: z.nullable(id), session: id, content: json })
	}),
	/** Hidden, never deleted. */
	z.object({ ...first, type: z.literal('node.hide'), body: z.object({ node: id }) }),
	/** A register, e.g. `session/{id}/title`: the last writer by `(lam, dev)` wins. */
	z.object({ ...first, type: z.literal('reg.set'), body: z.object({ key, value: json }) }),
	/** The operation's own id is the tag by which it can be removed. */
	z.object({ ...first, type: z.literal('set.add'), body: z.object({ key, value: json }) }),
	/** Takes away exactly what its author had seen. */
	z.object({
		...first,
		type: z.literal('set.remove'),
		body: z.object({ key, tags: z.array(id).check(z.maxLength(1024)) })
	}),
	/** A Yjs update as it is, base64url. */
	z.object({ ...first, type: z.literal('doc.update'), body: z.object({ doc: id, update: z.string() }) }),
	/** A file that lies elsewhere in sealed chunks. */
	z.object({
		...first,
		type: z.literal('blob.ref'),
		body: z.object({ hash: id, size: z.number(), mediaType: z.string(), chunks: z.array(id) })
	})
]);
export type KnownOperation = z.infer<typeof knownOperation>;
export type OperationType = KnownOperation['type'];

/** `opaque`: of a newer build. */
export type Operation =
	| { readonly kind: 'known'; readonly op: KnownOperation }
	| { readonly kind: 'opaque'; readonly op: AnyOperation };

/** Undefined where it is no operation of any version. */
export function readOperation(value: unknown): Operation | undefined {
	const known = knownOperation.safeParse(value);
	if (known.success) return { kind: 'known', op: known.data };
	const any = anyOperation.safeParse(value);
	return any.success ? { kind: 'opaque', op: any.data } : undefined;
}
