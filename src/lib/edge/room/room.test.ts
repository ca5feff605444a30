import { describe, expect, test } from 'vitest';
import { createMemorySql } from '../../../../tests/fakes/memory-sql';
import type { Envelope, Purpose } from '../../wire/sync';
import { createRoom } from './room';
import { createMemoryRoomStore } from './room-store';
import { createSqliteRoomStore } from './sqlite-room';

const stores = [
	['memory', createMemoryRoomStore],
	['SQLite', () => createSqliteRoomStore(createMemorySql())]
] as const;

describe.each(stores)('a room in %s', (_name, open) => {
	const ct = 'x'.repeat(1_000);
	/** One device that writes what it is told to. */
	function writer(fileBytes: number) {
		const room = createRoom('room', 'genesis', open(), fileBytes);
		const member = { device: { kid: 'd', algorithm: 'Ed25519' as const, raw: '' }, agree: '' };
		let devSeq = 0;
		const write = (purpose: Purpose): void => {
			const prevHash = devSeq === 0 ? 'genesis' : `h${String(devSeq)}`;
			devSeq += 1;
			const header: Envelope['header'] = {
				v: 1,
				room: 'room',
				dev: 'd',
				devSeq,
				keyEpoch: 1,
				lenBucket: 0,
				prevHash,
				purpose
			};
			const appended = room.append({ header, ct, sig: '' }, `h${String(devSeq)}`);
			expect(appended).toMatchObject({ kind: 'ack', seq: devSeq });
		};
		write({ kind: 'add', member });
		const kept = (): number[] => {
			const found: number[] = [];
			for (let after: number | undefined = 0; after !== undefined;) {
				const page = room.kept(after, 3_000);
				found.push(...page.envelopes.map(({ seq }) => seq));
				after = page.next;
			}
			return found;
		};
		return { room, write, kept };
	}

	test('a snapshot takes what it replaces, and leaves the files that it does not hold', () => {
		const { room, write, kept } = writer(1_000_000);
		for (let n = 0; n < 25; n++) {
			write({ kind: 'ops' });
			write({ kind: 'ops', stays: true });
		}
		// While they are in the log, they are read there.
		expect(kept()).toEqual([]);
		write({ kind: 'snapshot', upTo: 49, part: 0, of: 1 });
		expect(kept()).toEqual(Array.from({ length: 24 }, (_, n) => 3 + 2 * n));
		expect(room.read(49, 64, 1e9).map(({ seq }) => seq)).toEqual([50, 51, 52]);
		expect(room.basis(0, 1e9).envelopes.map(({ seq }) => seq)).toEqual([1]);
	});

	test('of files it keeps the newest, as many as may be', () => {
		const { write, kept } = writer(5_000);
		for (let n = 0; n < 9; n++) write({ kind: 'ops', stays: true });
		write({ kind: 'snapshot', upTo: 10, part: 0, of: 1 });
		expect(kept()).toEqual([8, 9, 10]);
		write({ kind: 'ops', stays: true });
		write({ kind: 'snapshot', upTo: 12, part: 0, of: 1 });
		expect(kept()).toEqual([9, 10, 12]);
	});
});
