/**
 * This device and its home, for as long as its tab leads: nothing where there is none, a member at work, or one
 * that was shown the door. Chunks of their own all of it: who has one device loads none.
 */

import type { HomeTrouble, HomeView } from '../../wire/commands';
import { AppError, toAppError, type WireError } from '../../wire/errors';
import type { Host } from '../commands/host';
import type { Turns } from '../commands/turns';
import type { SyncNetwork } from '../ports';
import { isRecord } from '../sessions/upcast';
import type { OutgoingStore, Prepare } from '../storage/outgoing';
import type { Store, StoreDelete } from '../storage/store';
import { beginBirth } from '../sync/birth';
import { registersAt } from '../sync/registers';
import { openAgreementKey } from './agreement-key';
import { openDeviceKey } from './device-key';
import { deviceNameKey, listDevices, revoke } from './devices';
import { createHome, type Home } from './home';
import { loadHome, saveHome } from './home-record';
import { createHomeSync, signRow, type HomeSync } from './home-sync';

export interface HomeParts {
	readonly host: Host;
	readonly turns: Turns;
	/** Below `outgoing`: what is written here is told to nobody. */
	readonly base: Store;
	readonly outgoing: OutgoingStore;
	readonly network: SyncNetwork;
	/** From now on records are stamped with this name. */
	readonly became: (kid: string) => void;
}

export interface HomeLife {
	/** Undefined where there is no home. */
	readonly prepare: Prepare | undefined;
	readonly parts: HomeParts;
	sync(): HomeSync | undefined;
	home(): Home | undefined;
	view(): Promise<Omit<HomeView, 'pairing' | 'isAsking' | 'failure' | 'keys'>>;
	/** Makes a home, with this device as its first. */
	found(name: string): Promise<void>;
	/** Becomes a member of a home that has let this device in. */
	enter(home: Home, name: string): Promise<void>;
	rename(kid: string, name: string): Promise<void>;
	/** Resolves when the room has it, and this device has read it back. */
	until(isDone: () => boolean, patienceMs?: number): Promise<void>;
	revoke(kid: string): Promise<void>;
	leave(): Promise<void>;
	/** A person goes on here with what another device runs. */
	takeTurn(sessionId: string): Promise<void>;
	changed(): void;
	end(): void;
}

/** `meta/home`: there is one; what this device is called there, whether it founded it, or was removed from it. */
export const homeMetaRow = 'home';
const acknowledgedMs = 30_000;
const pollMs = 50;

export async function openHomeLife(parts: HomeParts): Promise<HomeLife> {
	const { host, base, outgoing } = parts;
	let sync: HomeSync | undefined;
	let home: Home | undefined;
	let isRevoked = false;

	function changed(): void {
		if (sync?.status().kind === 'revoked' && !isRevoked) void onRevoked().catch(() => undefined);
		host.bus.publish({ kind: 'changed', what: 'settings' });
	}

	/** What was here stays here; from now on nothing is queued for anybody. */
	async function onRevoked(): Promise<void> {
		isRevoked = true;
		outgoing.tell(undefined);
		host.elsewhere.current = undefined;
		sync?.end();
		const row = { v: 1, isRevoked: true };
		await base.commit({ epoch: host.epoch(), put: [{ table: 'meta', key: homeMetaRow, row }] });
		host.bus.publish({ kind: 'changed', what: 'settings' });
	}

	async function open(found: Home, isFounder: boolean): Promise<HomeSync> {
		home = found;
		isRevoked = false;
		const made = await createHomeSync({ ...parts, home: found, isFounder, changed });
		sync = made;
		host.elsewhere.current = made.elsewhere;
		host.elsewhere.isInStep = () => isInStep(made, base);
		return made;
	}

	/** Everything that is committed from here on is told; what was there before follows, session by session. */
	async function become(next: Home, name: string, isFounder: boolean): Promise<void> {
		const { promise, resolve, reject } = Promise.withResolvers<Prepare>();
		promise.catch(() => undefined);
		outgoing.tell(promise);
		try {
			await outgoing.settled();
			await saveHome(base, next);
			const { kid } = (await openDeviceKey(base, signRow)).publicKey;
			await base.commit({
				epoch: host.epoch(),
				put: [
					{ table: 'meta', key: homeMetaRow, row: { v: 1, kid, isFounder } },
					{ table: 'meta', key: 'device', row: { v: 1, deviceId: kid } },
					beginBirth
				]
			});
			parts.became(kid);
			const made = await open(next, isFounder);
			resolve(made.prepare);
			made.start();
			await made.set(deviceNameKey(kid), name);
		} catch (thrown) {
			outgoing.tell(undefined);
			reject(thrown);
			throw thrown;
		}
		changed();
	}

	async function until(isDone: () => boolean, patienceMs = acknowledgedMs): Promise<void> {
		const started = host.ports.clock.now();
		while (!isDone()) {
			if (host.ports.clock.now() - started > patienceMs) throw notReached();
			await host.ports.clock.sleep(pollMs);
		}
	}

	async function forget(): Promise<void> {
		sync?.end();
		sync = undefined;
		host.elsewhere.current = undefined;
		home = undefined;
		outgoing.tell(undefined);
		await outgoing.settled();
		const gone: StoreDelete[] = (await base.range('ops', {})).map(({ key }) => ({ table: 'ops', key }));
		for (const { key } of await base.range('vault', { prefix: 'home/' })) gone.push({ table: 'vault', key });
		for (const key of [homeMetaRow, 'sync', 'sync-kept', 'home-birth']) gone.push({ table: 'meta', key });
		await base.commit({ epoch: host.epoch(), delete: gone });
	}

	function state(): HomeView['state'] {
		if (isRevoked) return 'revoked';
		if (sync === undefined) return 'none';
		return sync.isFull() ? 'full' : sync.status().kind;
	}
	host.elsewhere.trouble = () => {
		const now = state();
		return isTrouble(now) ? { home: now } : {};
	};

	const row = await base.get('meta', homeMetaRow);
	const stored = row === undefined ? undefined : await loadHome(base);
	let prepare: Prepare | undefined;
	if (isRecord(row) && row.isRevoked === true) isRevoked = true;
	else if (isRecord(row) && stored !== undefined) {
		const made = await open(stored, row.isFounder === true);
		({ prepare } = made);
		made.start();
	}

	return {
		prepare,
		parts,
		sync: () => (isRevoked ? undefined : sync),
		home: () => home,
		until,
		async view() {
			const none = { fault: null, devices: [], waiting: false } as const;
			if (isRevoked || sync === undefined) return { ...none, state: state() };
			const status = sync.status();
			const registers = await registersAt(base, 'device/');
			const replica = sync.replica();
			const devices = listDevices({ ...replica, state: { registers } }, sync.kid);
			const named = devices.find(({ kid }) => status.kind === 'broken' && kid === status.fault.dev);
			const fault = status.kind === 'broken' ? { kind: status.fault.kind, device: named?.name ?? '' } : null;
			return {
				state: state(),
				fault,
				devices,
				waiting: !sync.hasToldAll() || !replica.isSettled()
			};
		},
		async found(name) {
			if (sync === undefined || isRevoked) await become(await createHome(), name, true);
		},
		async enter(next, name) {
			await become(next, name, false);
		},
		async rename(kid, name) {
			await sync?.set(deviceNameKey(kid), name);
			changed();
		},
		async revoke(kid) {
			const current = sync;
			if (current === undefined) return;
			if (current.status().kind !== 'joined') throw notReached();
			if (!revoke(current.replica(), kid)) return;
			current.send();
			changed();
			await until(() => current.replica().place().members[kid]?.isRemoved === true);
			changed();
		},
		async leave() {
			const current = sync;
			if (current?.status().kind === 'joined' && !isRevoked) {
				// The others are told, where they can be; it leaves in any case.
				if (revoke(current.replica(), current.kid)) {
					current.send();
					await until(() => current.replica().isSettled() || current.status().kind !== 'joined').catch(
						() => undefined
					);
				}
			}
			await forget();
			isRevoked = false;
			changed();
		},
		async takeTurn(sessionId) {
			if (sync === undefined) throw new AppError('turn/not-found');
			await sync.elsewhere.take(sessionId);
		},
		changed,
		end() {
			sync?.end();
		}
	};
}

function isTrouble(state: HomeView['state']): state is HomeTrouble {
	return state === 'not-admitted' || state === 'revoked' || state === 'full' || state === 'broken';
}

/** A recovery code is a member, but no second device: it holds nothing. */
async function isInStep(sync: HomeSync, base: Store): Promise<boolean> {
	const replica = sync.replica();
	if (sync.status().kind !== 'joined' || !sync.hasToldAll() || !replica.isSettled()) return false;
	const registers = await registersAt(base, 'device/');
	const devices = listDevices({ ...replica, state: { registers } }, sync.kid);
	return devices.some(({ isThis, isRevoked, isRecovery }) => !isThis && !isRevoked && !isRecovery);
}

/** Unlike a relay that has no rooms, this one may answer the next time. */
export function notReached(): AppError {
	return new AppError('sync/unavailable', {
		message: 'Your other devices are not reached now. Try again when this one is connected.'
	});
}

/** This device as a home knows it. */
export async function ownMember(base: Store) {
	const signer = await openDeviceKey(base, signRow);
	const agreement = await openAgreementKey(base);
	return { member: { device: signer.publicKey, agree: agreement.raw }, agreement };
}

export function wireError(thrown: unknown): WireError {
	return toAppError(thrown).toWire();
}
