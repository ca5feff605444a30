/** T16: what a room that lies can do to a log, and what the devices call it. */

import { describe, expect, test } from 'vitest';
import { createSyncDevice, newRoom, type SyncDevice } from '../../../../tests/fakes/sync-devices';
import type { Envelope } from '../../wire/sync';
import { openEnvelope, padded, sealEnvelope } from './envelope';
import { verifyEnvelope } from './signature';
import { readEnvelopes } from './read-envelopes';

const secret = () => crypto.getRandomValues(new Uint8Array(32));

/** Two devices that have written to each other, the honest log of it, and a third that has read nothing yet. */
async function world() {
	const room = newRoom();
	const key = secret();
	const [ann, bob, reader] = await Promise.all([
		createSyncDevice(room, key),
		createSyncDevice(room, key, 'P-256'),
		createSyncDevice(room, key)
	]);
	const log: Envelope[] = [];
	async function say(who: SyncDevice, ...values: string[]): Promise<void> {
		for (const value of values) who.set('word', value);
		for (let envelope = await who.seal(); envelope !== undefined; envelope = await who.seal()) {
			log.push(envelope);
			for (const one of [ann, bob]) await readEnvelopes(one.reading, log.length, [envelope]);
		}
	}
	for (const one of [ann, bob, reader]) ann.replica.queuePurpose({ kind: 'add', member: one.member });
	await say(ann, 'a1');
	await say(bob, 'b1');
	await say(ann, 'a2');
	await say(ann, 'a3');
	await say(bob, 'b2');
	return { room, key, ann, bob, reader, log, say };
}

const at = (log: readonly Envelope[], place: number): Envelope => {
	const found = log[place - 1];
	if (found === undefined) throw new Error('nothing there');
	return found;
};

describe('T16 a room that lies', () => {
	test('an honest log is read to its end', async () => {
		const { reader, log, ann } = await world();
		expect(await readEnvelopes(reader.reading, 1, log)).toBe('ok');
		expect(reader.replica.state.registers.get('word')).toMatchObject({ value: 'b2' });
		expect(reader.replica.place()).toEqual(ann.replica.place());
		expect(log).toHaveLength(8);
	});

	test('an envelope that is left out is missed, by its chain and by who had read it', async () => {
		const { reader, log } = await world();
		const without = log.filter((_, place) => place !== 5);
		expect(await readEnvelopes(reader.reading, 1, without)).toMatchObject({ kind: 'dropped', seq: 6 });
		const second = await world();
		// All that Ann said last is gone: Bob's next envelope says that he had read it.
		const withheld = second.log.filter((_, place) => place !== 5 && place !== 6);
		expect(await readEnvelopes(second.reader.reading, 1, withheld)).toMatchObject({
			kind: 'dropped',
			dev: second.ann.kid
		});
	});

	test('another order, a repetition and another room’s envelope are each called what they are', async () => {
		const { reader, log, bob } = await world();
		const swapped = [...log.slice(0, 5), at(log, 7), at(log, 6), at(log, 8)];
		expect(await readEnvelopes(reader.reading, 1, swapped)).toMatchObject({ kind: 'reordered', seq: 6 });
		expect(await readEnvelopes(bob.reading, 9, [at(log, 4)])).toMatchObject({ kind: 'replayed' });
		const [one, other] = [await world(), await world()];
		expect(await readEnvelopes(one.reader.reading, 1, [at(other.log, 1)])).toMatchObject({ kind: 'foreign' });
	});

	test('a room that went back in time is found out by what it says it has', async () => {
		const { ann, log } = await world();
		const yours = ann.replica.acknowledged();
		expect(ann.replica.welcome({ type: 'welcome', seq: log.length, yours })).toBe('ok');
		expect(ann.replica.welcome({ type: 'welcome', seq: log.length - 1, yours })).toMatchObject({
			kind: 'rolled-back'
		});
	});

	test('a device whose own storage went back says so, and writes nothing twice', async () => {
		const { ann, log } = await world();
		const { devSeq } = ann.replica.acknowledged();
		const ahead = { devSeq: devSeq + 1, hash: 'x'.repeat(43) };
		expect(ann.replica.welcome({ type: 'welcome', seq: log.length + 1, yours: ahead })).toMatchObject({
			kind: 'rolled-back',
			dev: ann.kid
		});
		ann.set('word', 'more');
		expect(ann.replica.draft()).toBeUndefined();
	});

	test('two histories of one device cannot both be shown, nor told to two others', async () => {
		const { room, key, ann, bob, reader, log } = await world();
		// Ann's storage was copied: her twin says something else at the same place.
		ann.set('word', 'here');
		const here = await ann.seal();
		const twin = await createSyncDevice(room, key);
		const draft = ann.replica.unacknowledged()[0]?.draft;
		if (here === undefined || draft === undefined) throw new Error('nothing sealed');
		const there = await sealEnvelope(
			{ ...draft, operations: [] },
			{ room, keys: twin.reading.keys, signer: ann.signer }
		);
		if (there === undefined) throw new Error('nothing sealed');
		await readEnvelopes(bob.reading, 9, [here]);
		await readEnvelopes(reader.reading, 1, [...log, there.envelope]);
		bob.set('word', 'heard');
		const heard = await bob.seal();
		if (heard === undefined) throw new Error('nothing sealed');
		expect(await readEnvelopes(reader.reading, 10, [heard])).toMatchObject({ kind: 'forked', dev: ann.kid });
		expect(await readEnvelopes(bob.reading, 10, [there.envelope])).toMatchObject({ kind: 'forked' });
	});

	test('what nobody of the home signed, and what a stranger signed, is forged', async () => {
		const { reader, log } = await world();
		const touched = structuredClone(at(log, 5));
		const header = { ...touched.header, purpose: { kind: 'snapshot' as const, upTo: 1, part: 0, of: 1 } };
		const spliced = [...log.slice(0, 4), { ...touched, header }];
		expect(await readEnvelopes(reader.reading, 1, spliced)).toMatchObject({ kind: 'forged', seq: 5 });
		const again = await world();
		const stranger = await createSyncDevice(again.room, secret());
		stranger.replica.queuePurpose({ kind: 'add', member: stranger.member });
		const own = await stranger.seal();
		if (own === undefined) throw new Error('nothing sealed');
		// It may found a room of its own, but not one that opens with this home's key.
		expect(await readEnvelopes(again.reader.reading, 1, [own])).toMatchObject({ kind: 'forged' });
	});

	test('every bit of an envelope counts', async () => {
		const { ann, log } = await world();
		const envelope = at(log, 4);
		const hash = await verifyEnvelope(envelope, ann.signer.publicKey);
		expect(hash).toBeDefined();
		let accepted = 0;
		const { length } = envelope.ct;
		for (let place = 0; place < length - 1; place += 3) {
			const other = envelope.ct[place] === 'A' ? 'Q' : 'A';
			const ct = envelope.ct.slice(0, place) + other + envelope.ct.slice(place + 1);
			if ((await verifyEnvelope({ ...envelope, ct }, ann.signer.publicKey)) !== undefined) accepted += 1;
			if ((await openEnvelope({ ...envelope, ct }, hash ?? '', ann.reading.keys)) !== undefined)
				accepted += 1;
		}
		expect(accepted).toBe(0);
	});
});

describe('a device that was removed', () => {
	test('cannot read what comes after, and what it writes nobody takes', async () => {
		const { ann, bob, reader, log } = await world();
		await readEnvelopes(reader.reading, 1, log);
		ann.replica.queuePurpose({ kind: 'remove', kid: bob.kid });
		const removal = await ann.seal();
		if (removal === undefined) throw new Error('nothing sealed');
		for (const one of [ann, bob, reader]) expect(await readEnvelopes(one.reading, 9, [removal])).toBe('ok');
		ann.set('word', 'without Bob');
		const after = await ann.seal();
		if (after === undefined) throw new Error('nothing sealed');
		expect(after.header.keyEpoch).toBe(2);
		expect(await readEnvelopes(reader.reading, 10, [after])).toBe('ok');
		expect(reader.replica.state.registers.get('word')?.value).toBe('without Bob');
		expect(await readEnvelopes(bob.reading, 10, [after])).toMatchObject({ kind: 'forged' });
		expect(bob.replica.isMember()).toBe(false);
	});
});

test('lengths are padded to few', () => {
	const lengths = new Set(Array.from({ length: 100_000 }, (_, i) => padded(i + 1)));
	expect(lengths.size).toBeLessThan(500);
	for (const length of [1, 2, 9, 1000, 65_537]) expect(padded(length)).toBeGreaterThanOrEqual(length);
	expect(padded(1000) / 1000).toBeLessThan(1.12);
});
