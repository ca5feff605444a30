/**
 * An operation that fits into no envelope travels in parts, each an operation of its own; whoever has all of
 * them puts it together. A build that does not know parts keeps them, as it keeps everything it does not know.
 */

import * as z from 'zod/mini';
import { parseJson } from '../../wire/json';
import { readOperation, type AnyOperation, type Operation } from '../../wire/operations';

const partType = 'op.part';
/** Characters a part: an envelope holds it even were each to take six bytes. */
const partLength = 40_000;
/** Of one operation: no more than an imported message may have. */
const maximumParts = 2_000;

const body = z.object({
	of: z.string(),
	part: z.number().check(z.int(), z.nonnegative()),
	count: z.number().check(z.int(), z.positive(), z.lte(maximumParts)),
	text: z.string()
});

export function partsOf({ op }: Operation): Operation[] {
	const text = JSON.stringify(op);
	const count = Math.ceil(text.length / partLength);
	return Array.from({ length: count }, (_, part) => ({
		kind: 'opaque' as const,
		op: {
			...op,
			v: 1,
			opId: `${op.opId}.${String(part)}`,
			type: partType,
			body: { of: op.opId, part, count, text: text.slice(part * partLength, (part + 1) * partLength) }
		}
	}));
}

/** The id of the operation that is told whole with this one: itself, or what it is the last part of. */
export function toldBy({ opId, type, body: content }: AnyOperation): string | undefined {
	if (type !== partType) return opId;
	const read = body.safeParse(content);
	return read.success && read.data.part === read.data.count - 1 ? read.data.of : undefined;
}

/** Takes out of `opaque` what is complete, and answers with what it makes. */
export function putTogether(opaque: Map<string, AnyOperation>): readonly Operation[] {
	const groups = new Map<string, { readonly op: AnyOperation; readonly at: z.infer<typeof body> }[]>();
	for (const op of opaque.values()) {
		if (op.type !== partType) continue;
		const read = body.safeParse(op.body);
		if (!read.success) continue;
		const name = `${op.dev} ${read.data.of}`;
		const group = groups.get(name);
		if (group === undefined) groups.set(name, [{ op, at: read.data }]);
		else group.push({ op, at: read.data });
	}
	const whole: Operation[] = [];
	for (const group of groups.values()) {
		const [first] = group;
		if (first === undefined || group.length < first.at.count) continue;
		group.sort((a, b) => a.at.part - b.at.part);
		const made = readOperation(parseJson(group.map(({ at }) => at.text).join('')));
		for (const { op } of group) opaque.delete(op.opId);
		// Nobody speaks for another device.
		if (made?.op.dev === first.op.dev) whole.push(made);
	}
	return whole;
}
