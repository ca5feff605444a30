/** What a person does with the relay: claim it, join it, see and change who may do what there. */

import * as z from 'zod/mini';
import type { RelayChange, RelayView } from '../../wire/commands';
import { toAppError } from '../../wire/errors';
import { isJsonObject, parseJson, type Json } from '../../wire/json';
import { covers, invitation, relayDevice, relayRules, relaySecrets } from '../../wire/relay';
import type { RelayAccess } from './relay-access';

type Fetch = (address: string) => Promise<Response>;

export async function viewRelay(access: RelayAccess, fetch: Fetch, origin: string): Promise<RelayView> {
	const { kid } = await access.publicKey();
	const nobody = { kid, isMember: false, isAdmin: false, devices: [], secrets: null, rules: null } as const;
	const health = parseJson(await (await fetch(`${origin}/api/health`)).text());
	const data = isJsonObject(health) ? health['data'] : undefined;
	if (!isJsonObject(data)) return { state: null, ...nobody };
	if (data['claimed'] !== true) return { state: 'unclaimed', ...nobody };
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
	if (!isAdmin) return { ...shown, secrets: null, rules: null };
	const [secrets, rules] = await Promise.all([
		access.ask('GET', '/api/secrets'),
		access.ask('GET', '/api/admission')
	]);
	return { ...shown, secrets: relaySecrets.parse(secrets), rules: relayRules.parse(rules) };
}

export async function changeRelay(
	access: RelayAccess,
	change: RelayChange
): Promise<{ code: string | null }> {
	const nothing = { code: null };
	switch (change.what) {
		case 'claim':
		case 'join': {
			const { code, name } = change;
			const key = { ...(await access.publicKey()) };
			const isClaim = change.what === 'claim';
			await access.ask('POST', isClaim ? '/api/claim' : '/api/devices', {
				key,
				name,
				...(isClaim ? { code } : { invite: code })
			});
			await access.admitted(key);
			return nothing;
		}
		case 'revoke':
			await access.ask('DELETE', `/api/devices?kid=${change.kid}`);
			return nothing;
		case 'invite':
			return { code: invitation.parse(await access.ask('POST', '/api/invites')).code };
		case 'setKey':
			await access.ask('PUT', '/api/secrets', { provider: change.provider, key: change.key });
			return nothing;
		case 'removeKey':
			await access.ask('DELETE', `/api/secrets?provider=${encodeURIComponent(change.provider)}`);
			return nothing;
		case 'rules':
			await access.ask('PUT', '/api/admission', { ...change.rules });
			return nothing;
	}
}
