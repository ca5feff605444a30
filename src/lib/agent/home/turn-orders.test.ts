import { describe, expect, test } from 'vitest';
import { createFakeClock } from '../../../../tests/fakes/ports';
import { createMemoryStore } from '../storage/memory';
import { orderKey, type Order } from '../sync/open-turns';
import { registersAt, registerWrite } from '../sync/registers';
import { createTurnOrders, type TurnOrders } from './turn-orders';

const minuteMs = 60_000;

/** The desk runs turn `t`; `said` are orders as its log has them. */
function atTheDesk() {
	const clock = createFakeClock();
	const base = createMemoryStore();
	const done: Order[] = [];
	const room = { isCurrent: true, members: new Set(['phone', 'desk']) };
	let lam = 10;
	const write = (key: string, value: Order | null, dev: string) =>
		base.commit({ epoch: 0, put: [registerWrite(key, { value, lam: ++lam, dev })] });
	const open = (): TurnOrders =>
		createTurnOrders({
			base,
			clock,
			kid: 'desk',
			set: (key, value) => write(key, value as Order | null, 'desk'),
			isMember: (kid) => room.members.has(kid),
			isCurrent: () => room.isCurrent,
			carryOut(given) {
				done.push(given);
				return Promise.resolve();
			}
		});
	const approve = (more: Partial<Extract<Order, { kind: 'decide' }>> = {}): Order => ({
		...{ kind: 'decide', turnId: 't', to: 'desk', at: clock.now() },
		...{ approvalId: 'a', callHash: 'h', decision: 'once', ...more }
	});
	/** As the other devices would say it: on disk first, then heard. */
	async function hears(orders: TurnOrders, given: Order, by = 'phone'): Promise<void> {
		const key = orderKey(given.turnId, given.kind === 'decide' ? given.approvalId : undefined);
		await write(key, given, by);
		const row = (await registersAt(base, key)).get(key);
		if (row !== undefined) orders.hear(key, row);
	}
	const left = async () =>
		[...(await registersAt(base, 'order/')).values()].filter(({ value }) => value !== null).length;
	return { clock, room, done, open, approve, hears, write, left };
}

describe('what a person says on another device about a turn', () => {
	test('is done once, and then it is gone', async () => {
		const { done, open, approve, hears, left } = atTheDesk();
		const orders = open();
		await hears(orders, approve());
		await orders.obey();
		await orders.obey();
		expect(done).toHaveLength(1);
		expect(await left()).toBe(0);
		const later = open();
		await later.look();
		await later.obey();
		expect(done).toHaveLength(1);
	});

	test('waits until all is read, and what was said later counts', async () => {
		const { room, done, open, approve, hears } = atTheDesk();
		const orders = open();
		room.isCurrent = false;
		await hears(orders, approve());
		await orders.obey();
		expect(done).toEqual([]);
		await hears(orders, approve({ decision: 'reject' }));
		room.isCurrent = true;
		await orders.obey();
		expect(done).toMatchObject([{ decision: 'reject' }]);
	});

	test('is done after a new start where the tab died before it was', async () => {
		const { done, open, approve, hears } = atTheDesk();
		await hears(open(), approve());
		const orders = open();
		await orders.look();
		await orders.obey();
		expect(done).toHaveLength(1);
	});

	test.each([9, 11])('read from the log after %i minutes it counts for ten', async (minutes) => {
		const { clock, room, done, open, approve, hears, left } = atTheDesk();
		const orders = open();
		const given = approve();
		room.isCurrent = false;
		clock.advance(minutes * minuteMs);
		await hears(orders, given);
		room.isCurrent = true;
		await orders.obey();
		expect(done).toHaveLength(minutes < 10 ? 1 : 0);
		expect(await left()).toBe(0);
	});

	test('said while the other device listens it counts, a day of wrong clock or not', async () => {
		const { clock, done, open, approve, hears } = atTheDesk();
		const orders = open();
		await hears(orders, approve({ at: clock.now() - 24 * 60 * minuteMs }));
		await orders.obey();
		expect(done).toHaveLength(1);
	});

	test('counts for nothing from a device that was removed, or for another one than it was said to', async () => {
		const { room, done, open, approve, hears, left } = atTheDesk();
		const orders = open();
		await hears(orders, approve({ to: 'tablet', approvalId: 'b' }));
		await hears(orders, approve());
		room.members.delete('phone');
		await orders.obey();
		expect(done).toEqual([]);
		// What is for somebody else stays there for them.
		expect(await left()).toBe(1);
	});

	test('is taken back by whoever takes the turn over', async () => {
		const { open, approve, write, left } = atTheDesk();
		const orders = open();
		await write(orderKey('t', 'a'), approve({ to: 'phone' }), 'desk');
		await write(orderKey('u', 'a'), approve({ to: 'phone', turnId: 'u' }), 'desk');
		await orders.withdraw('t');
		expect(await left()).toBe(1);
	});
});
