/** What a person does with the relay: claim it, join it, see and change who may do what there. */

import * as z from 'zod/mini';
import type { CommandInput, CommandOutput, RelayChange, RelayView } from '../../wire/commands';
import { toAppError } from '../../wire/errors';
import { isJsonObject, parseJson, type Json } from '../../wire/json';
import { passkey, passkeyWanted } from '../../wire/passkey';
import { covers, invitation, relayDevice, relayRules, relaySecrets } from '../../wire/relay';
import type { RelayAccess } from './relay-access';
import { relayStanding } from './relay-standing';

type Fetch = (address: string) => Promise<Response>;

export async function viewRelay(access: RelayAccess, fetch: Fetch, origin: string): Promise<RelayView> {
	const { kid } = await access.publicKey();
	const nobody = {
		kid,
		isMember: false,
		isAdmin: false,
		devices: [],
		secrets: null,
		rules: null,
		passkeys: null
	} as const;
	const health = parseJson(await (await fetch(`${origin}/api/health`)).text());
	const data = isJsonObject(health) ? health['data'] : undefined;
	if (!isJsonObject(data)) return { state: null, ...nobody };
	const state = relayStanding(data);
	if (state !== 'claimed') return { state, ...nobody };
	let listed: Json;
	try {
		listed = await access.ask('GET', '/api/devices');
	} catch (thrown) {
		if (toAppError(thrown).id !== 'relay/not-authorized') throw thrown;
		return { state: 'claimed', ...nobody };
	}
	const devices = z.array(relayDevice).parse(listed);
	const own = devices.find((device) => device.kid === kid);
	const isAdmin = own !== undefined && covers(own.scopes, 'admin');
	const shown = { state: 'claimed', kid, isMember: true, isAdmin, devices } as const;
	if (!isAdmin) return { ...shown, secrets: null, rules: null, passkeys: null };
	const [secrets, rules, passkeys] = await Promise.all([
		access.ask('GET', '/api/secrets'),
		access.ask('GET', '/api/admission'),
		access.ask('GET', '/api/passkeys')
	]);
	return {
		...shown,
		secrets: relaySecrets.parse(secrets),
		rules: relayRules.parse(rules),
		passkeys: z.array(passkey).parse(passkeys)
	};
}

type Change = CommandInput<'relay.change'>;
type Changed = CommandOutput<'relay.change'>;

/** Where the relay wants it confirmed by a passkey nothing is changed, and the answer is the question to ask it. */
export async function changeRelay(access: RelayAccess, change: Change): Promise<Changed> {
	let sent: readonly [string, string, Json?] = ['', ''];
	const ask = (method: string, target: string, body?: Json): Promise<Json> => {
		sent = body === undefined ? [method, target] : [method, target, body];
		return access.ask(method, target, body, change.confirmation);
	};
	try {
		return await apply(access, ask, change);
	} catch (thrown) {
		const wanted = passkeyWanted.safeParse(toAppError(thrown).data);
		if (!wanted.success) throw thrown;
		return { code: null, question: { ids: wanted.data.ids, ...(await access.question(...sent)) } };
	}
}

async function apply(
	access: RelayAccess,
	ask: (method: string, target: string, body?: Json) => Promise<Json>,
	change: RelayChange
): Promise<Changed> {
	const nothing = { code: null };
	switch (change.what) {
		case 'claim':
		case 'join': {
			const { code, name } = change;
			const key = { ...(await access.publicKey()) };
			const isClaim = change.what === 'claim';
			await ask('POST', isClaim ? '/api/claim' : '/api/devices', {
				key,
				name,
				...(isClaim ? { code } : { invite: code })
			});
			await access.admitted(key);
			return nothing;
		}
		case 'revoke':
			await ask('DELETE', `/api/devices?kid=${change.kid}`);
			return nothing;
		case 'invite':
			return { code: invitation.parse(await ask('POST', '/api/invites')).code };
		case 'setKey':
			await ask('PUT', '/api/secrets', { provider: change.provider, key: change.key });
			return nothing;
		case 'removeKey':
			await ask('DELETE', `/api/secrets?provider=${encodeURIComponent(change.provider)}`);
			return nothing;
		case 'rules':
			await ask('PUT', '/api/admission', { ...change.rules });
			return nothing;
		case 'addPasskey':
			await ask('PUT', '/api/passkeys', { ...change.passkey });
			return nothing;
		case 'removePasskey':
			await ask('DELETE', `/api/passkeys?id=${change.id}`);
			return nothing;
	}
}
