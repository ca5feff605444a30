/**
 * Coming back without another device. A code is made while there is one: a member of its own, sealed under the
 * code at the relay. Who enters the code acts as that member once, lets this device in, and removes it.
 */

import { toBase64Url, fromBase64Url } from '../../wire/device';
import { AppError } from '../../wire/errors';
import { syncPrefix } from '../../wire/sync';
import { createConnection } from '../sync/connection';
import { openLink } from '../sync/link';
import { registersAt } from '../sync/registers';
import { createReplica } from '../sync/replica';
import { genesisOf } from '../sync/signature';
import { unwrapEpoch } from './agreement-key';
import { admit, deviceKindKey, isRecoveryKind, recoveryKind } from './devices';
import { homeBytes, readHome } from './home';
import { notReached, ownMember, type HomeLife } from './home-life';
import { leavingWrite } from './leaving';
import type { MeetingPlace } from './pairing';
import {
	createRecoveryCode,
	openWithRecovery,
	readRecoveryCode,
	recoveryPlace,
	sealForRecovery
} from './recovery-code';
import { makeRecoveryKey, readRecoveryKey } from './recovery-key';

const patienceMs = 60_000;

/** The code, shown once. One that was made before is good until this one is, and no longer. */
export async function makeRecovery(life: HomeLife, at: MeetingPlace): Promise<string> {
	const { host, base } = life.parts;
	const [home, sync] = [life.home(), life.sync()];
	if (home === undefined || sync?.status().kind !== 'joined') throw notReached();
	const { member, bytesWith } = await makeRecoveryKey();
	const { kid } = member.device;
	const before = await registersAt(base, 'device/');
	await sync.set(deviceKindKey(kid), recoveryKind);
	admit(sync.replica(), member);
	sync.send();
	await life.until(() => sync.replica().place().members[kid] !== undefined);
	const { members } = sync.replica().place();
	const older = Object.entries(members).flatMap(([other, { isRemoved }]) =>
		!isRemoved && other !== kid && isRecoveryKind(before.get(deviceKindKey(other))?.value) ? [other] : []
	);
	async function letGo(...kids: readonly string[]): Promise<void> {
		await base.commit({ epoch: host.epoch(), put: kids.map((one) => leavingWrite(one)) });
		life.changed();
	}
	const code = createRecoveryCode();
	const secret = readRecoveryCode(code);
	try {
		// With the keys as they are now: what comes later is sealed to the member that it stands for.
		const note = toBase64Url(await sealForRecovery(bytesWith(home, sync.replica().sealedWith()), secret));
		if ((await at.put(await recoveryPlace(secret), 'recovery', note)) === 'taken')
			throw new AppError('pair/taken');
	} catch (thrown) {
		await letGo(kid);
		throw thrown;
	}
	if (older.length > 0) await letGo(...older);
	return code;
}

/** Throws `pair/…` where the code is wrong, unknown, or was used. */
export async function recover(
	life: HomeLife,
	at: MeetingPlace,
	{ code, name }: { readonly code: string; readonly name: string }
): Promise<void> {
	const { host, base, network } = life.parts;
	const secret = readRecoveryCode(code);
	const place = await recoveryPlace(secret);
	const note = fromBase64Url((await at.get(place, 'recovery')) ?? '');
	const bytes = note === undefined ? undefined : await openWithRecovery(note, secret);
	const found = bytes === undefined ? undefined : await readRecoveryKey(bytes);
	if (found === undefined) throw new AppError('pair/refused', { message: unknownCode });
	const { home, signer, agreement } = found;
	const { kid } = signer.publicKey;
	const { room, keys } = home;
	const replica = createReplica({ room, dev: kid, genesis: genesisOf(room) });
	const { clock, random } = host.ports;
	const connection = createConnection({
		reading: {
			room,
			replica,
			keys,
			unwrap: async (key, epoch) => (key.kid === kid ? unwrapEpoch(agreement, key, room, epoch) : undefined)
		},
		signer,
		clock
	});
	const address = `${(host.relayOrigin ?? '').replace(/^http/, 'ws')}${syncPrefix}${room}`;
	const link = openLink({ connection, network, address, clock, random, changed: () => undefined });
	const { member } = await ownMember(base);
	try {
		const isOut = (): boolean => ['revoked', 'not-admitted', 'broken'].includes(connection.status().kind);
		await life.until(() => replica.isMember() || isOut(), patienceMs);
		if (isOut()) throw new AppError('pair/refused', { message: usedCode });
		admit(replica, member);
		void connection.send();
		await life.until(() => replica.place().members[member.device.kid] !== undefined, patienceMs);
	} finally {
		link.end();
	}
	// It has done what it was for: whoever finds the code finds nothing.
	await base.commit({ epoch: host.epoch(), put: [leavingWrite(kid, place)] });
	const whole = await readHome(homeBytes(home, replica.sealedWith()));
	await life.enter(whole ?? home, name);
}

const unknownCode = 'Nothing is kept under this recovery code.';
const usedCode = 'This recovery code was used already, or a newer one was made.';
