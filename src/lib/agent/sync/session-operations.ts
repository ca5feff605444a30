/**
 * What a session's commit means for the other devices: an entry is a node, a fact a register. Handed to the
 * session's writer, which puts the rows into the very same commit.
 */

import type { Entry } from '../../wire/entries';
import type { Json } from '../../wire/json';
import type { AnyOperation } from '../../wire/operations';
import type { Clock, Ids } from '../ports';
import type { SessionFacts, SessionRecord } from '../sessions/records';
import type { StoreWrite } from '../storage/store';
import { queueEntry, queueWrite } from './outbox';

export interface SessionWritten {
	readonly record: SessionRecord;
	readonly entries: readonly Entry[];
	readonly facts: Partial<SessionFacts>;
	readonly lam: number;
}

export interface OperationPorts {
	/** `kid` of this device. */
	readonly dev: string;
	readonly clock: Clock;
	readonly ids: Ids;
}

/** Counted by each device for itself, from the entries it has. */
const ownFacts: ReadonlySet<string> = new Set(['entryCount']);

/** Nothing for a temporary session: it leaves no trace. */
export function sessionOperations(
	{ dev, clock, ids }: OperationPorts,
	{ record, entries, facts, lam }: SessionWritten
): readonly StoreWrite[] {
	if (record.temporary) return [];
	const operation = (type: string, body: Json): AnyOperation => ({
		v: 1,
		opId: ids.next(),
		dev,
		lam,
		hlc: [clock.now(), 0],
		deps: [],
		type,
		body
	});
	const set = (name: string, value: Json): StoreWrite =>
		queueWrite(operation('reg.set', { key: `session/${record.id}/${name}`, value }));
	const writes = entries.map((entry) => {
		const { id: node, parentId: parent, sessionId: session } = entry;
		return queueEntry(operation('node.add', { node, parent, session, content: null }), entry);
	});
	// Its first entry: when the session began, and what it goes on from.
	if (entries.some(({ parentId }) => parentId === (record.origin?.entryId ?? null))) {
		const { createdAt, origin } = record;
		writes.push(set('born', { createdAt, origin: origin === undefined ? null : { ...origin } }));
	}
	for (const [name, value] of Object.entries(facts)) {
		if (!ownFacts.has(name)) writes.push(set(name, plain(value)));
	}
	return writes;
}

/** A fact is JSON by its type; a list or a pair of names becomes a fresh one. */
function plain(value: SessionFacts[keyof SessionFacts]): Json {
	if (typeof value !== 'object' || value === null) return value;
	return 'provider' in value ? { provider: value.provider, model: value.model } : [...value];
}
