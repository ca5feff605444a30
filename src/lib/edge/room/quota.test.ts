import { describe, expect, test } from 'vitest';
import { leaveNote, readNote } from '../meeting/meeting';
import { meetingMs } from '../../wire/pairing';
import { fullAllowance, quota, spend, type Allowance } from './quota';

describe('what a device may write into a room (C13)', () => {
	test('a burst, then so many a second', () => {
		let left: Allowance = fullAllowance(0);
		for (let n = 0; n < quota.burst; n++)
			left = spend(left, 100, 0) ?? expect.fail(`refused after ${String(n)}`);
		expect(spend(left, 100, 0)).toBeUndefined();
		for (let n = 0; n < quota.perSecond; n++)
			left = spend(left, 100, 1_000) ?? expect.fail(`refused after ${String(n)}`);
		expect(spend(left, 100, 1_000)).toBeUndefined();
	});

	test('so many bytes an hour, and a clock that goes back gives none', () => {
		const left = spend(fullAllowance(0), quota.bytesPerHour, 0) ?? expect.fail('refused');
		expect(spend(left, 1_000_000, 10_000)).toBeUndefined();
		expect(spend(left, 1_000_000, -10_000)).toBeUndefined();
		expect(spend(left, quota.bytesPerHour / 2, 31 * 60_000)).toBeDefined();
	});
});

describe('a meeting place', () => {
	test('forgets after ten minutes, but for what a recovery code leads to', () => {
		const asked = leaveNote(undefined, 'ask', 'a', 0);
		expect(readNote(asked, 'ask', meetingMs)).toBeUndefined();
		const kept = leaveNote(undefined, 'recovery', 'r', 0);
		expect(readNote(kept, 'recovery', 1_000 * meetingMs)).toBe('r');
		expect(leaveNote(kept, 'recovery', 'another', 1_000 * meetingMs)).toBeUndefined();
	});
});
