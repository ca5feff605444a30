/** A place in the log, read back from where it was written: the device's own store, or a snapshot. */

import * as z from 'zod/mini';
import { member } from '../../wire/sync';
import type { LogPlace } from './log';

const head = z.object({ devSeq: z.number(), hash: z.string() });
const placeSchema = z.object({
	cursor: z.number(),
	epoch: z.number(),
	heads: z.record(z.string(), head),
	members: z.record(z.string(), z.extend(member, { isRemoved: z.boolean() }))
});

/** As stored, or as a snapshot holds it. */
export function readPlace(value: unknown): LogPlace | undefined {
	const read = placeSchema.safeParse(value);
	return read.success ? read.data : undefined;
}
