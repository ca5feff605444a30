/**
 * Two devices at their meeting place, as a person goes through it: one shows a code and lets the other in, the
 * other one asks and waits. What was promised lives in memory: a reload begins with a new code.
 */

import type { HomeChange, HomeView } from '../../wire/commands';
import { AppError, type WireError } from '../../wire/errors';
import { meetingMs } from '../../wire/pairing';
import { admit } from './devices';
import { openSentKeys, savedKeys, sealKeys } from './sent-keys';
import { ownMember, wireError, type HomeLife } from './home-life';
import { createMeetingPlace } from './meeting';
import { answer, ask, receiveHome, whoAsks, type Asking, type MeetingPlace } from './pairing';
import type { PairingCode } from './pairing-code';

export interface PairingDesk {
	meetings(): MeetingPlace;
	view(): Promise<Pick<HomeView, 'pairing' | 'isAsking' | 'failure' | 'keys'>>;
	change(change: HomeChange): Promise<{ code: string | null }>;
	end(): void;
}

interface Shown {
	readonly code: PairingCode;
	readonly until: number;
	asks: Asking | undefined;
}

const pollMs = 1_000;
const nothing = { code: null };

export function createPairingDesk(life: HomeLife): PairingDesk {
	const { host, base } = life.parts;
	const { clock } = host.ports;
	let shown: Shown | undefined;
	let asking: object | undefined;
	let failure: WireError | null = null;

	function place(): MeetingPlace {
		if (host.relayOrigin === undefined) throw new AppError('relay/no-home');
		return createMeetingPlace(host.ports.fetch, host.relayOrigin);
	}

	function stop(): void {
		shown = undefined;
		asking = undefined;
	}

	function fail(thrown: unknown): void {
		stop();
		failure = wireError(thrown);
		life.changed();
	}

	async function invite(name: string): Promise<void> {
		failure = null;
		const { createPairingCode } = await import('./pairing-code');
		await life.found(name);
		const mine: Shown = { code: createPairingCode(), until: clock.now() + meetingMs, asks: undefined };
		shown = mine;
		life.changed();
		void (async () => {
			while (shown === mine && mine.asks === undefined && clock.now() < mine.until) {
				mine.asks = await whoAsks(mine.code.secret, place()).catch(passOver);
				if (mine.asks === undefined) await clock.sleep(pollMs);
			}
			if (shown === mine && mine.asks === undefined) shown = undefined;
			life.changed();
		})().catch(fail);
	}

	/** The relay was not reached this time; a note that does not open stays one. */
	function passOver(thrown: unknown): undefined {
		if (thrown instanceof AppError && thrown.id === 'pair/refused') throw thrown;
		return undefined;
	}

	async function letIn(kid: string, keys: readonly string[]): Promise<void> {
		const sync = life.sync();
		const home = life.home();
		const asks = shown?.asks;
		if (shown === undefined || asks === undefined || sync === undefined || home === undefined)
			throw new AppError('pair/refused');
		// The person agreed to the one that was shown.
		if (asks.member.device.kid !== kid) throw new AppError('pair/refused');
		const { secret } = shown.code;
		if (!(kid in sync.replica().place().members)) {
			admit(sync.replica(), asks.member);
			sync.send();
		}
		await life.until(() => sync.replica().place().members[kid] !== undefined);
		const sent = keys.length === 0 ? undefined : await sealKeys(host, asks.member, keys);
		const since = sync.replica().sealedWith();
		await answer(secret, asks, { home, since }, place(), sent);
		stop();
		life.changed();
	}

	function mustBeAlone(): void {
		if (life.sync() === undefined) return;
		throw new AppError('input/invalid', { message: 'This device is paired already. Let it leave first.' });
	}

	async function join(typed: string, name: string): Promise<void> {
		failure = null;
		mustBeAlone();
		const { readPairingCode } = await import('./pairing-code');
		const { secret } = readPairingCode(typed);
		const mine = await ownMember(base);
		await ask(secret, { member: mine.member, name }, place());
		const token = {};
		asking = token;
		const until = clock.now() + meetingMs;
		life.changed();
		void (async () => {
			while (asking === token) {
				if (clock.now() > until) throw new AppError('pair/refused', { message: noAnswer });
				const found = await receiveHome(secret, mine, place()).catch(passOver);
				if (found === undefined) {
					await clock.sleep(pollMs);
					continue;
				}
				asking = undefined;
				await life.enter(found.home, name);
				if (found.keys !== undefined) await openSentKeys(host, mine, found.keys);
				life.changed();
			}
		})().catch(fail);
	}

	return {
		meetings: place,
		async view() {
			const { phrase, qr: short } = shown?.code ?? { phrase: '', qr: '' };
			const asks = shown?.asks;
			const who = asks === undefined ? null : { kid: asks.member.device.kid, name: asks.name };
			const pairing = shown === undefined ? null : { phrase, short, until: shown.until, asks: who };
			return { pairing, isAsking: asking !== undefined, failure, keys: await savedKeys(host) };
		},
		async change(change) {
			switch (change.what) {
				case 'invite':
					await invite(change.name);
					return nothing;
				case 'cancel':
					stop();
					failure = null;
					life.changed();
					return nothing;
				case 'admit':
					await letIn(change.kid, change.keys);
					return nothing;
				case 'join':
					await join(change.code, change.name);
					return nothing;
				case 'recovery': {
					const { makeRecovery } = await import('./recovery');
					return { code: await makeRecovery(life, place()) };
				}
				case 'recover': {
					failure = null;
					mustBeAlone();
					const { recover } = await import('./recovery');
					await recover(life, place(), change);
					return nothing;
				}
				case 'rename':
					await life.rename(change.kid, change.name);
					return nothing;
				case 'revoke':
					await life.revoke(change.kid);
					return nothing;
				case 'takeTurn':
					await life.takeTurn(change.sessionId);
					return nothing;
				case 'leave':
					stop();
					await life.leave();
					return nothing;
			}
		},
		end: stop
	};
}

const noAnswer = 'The other device has not answered in ten minutes.';
