/** Lets one request of somebody known through: their scope, their bucket, what it may cost and bring; and what it needs. */

import { AppError } from '../../wire/errors';
import { covers, type RelayRules } from '../../wire/relay';
import type { McpServers } from './mcp-servers';
import type { Members } from './members';
import type { Passkeys } from './passkeys';
import type { Registry } from './registry';
import type { KeySeal } from './seal-key';
import type { Spending } from './spending';
import type { Transfer } from './transfer';
import { admitInput, parse, type Admitted, type Who } from './verbs';

export interface AdmitParts {
	readonly members: Members;
	readonly confirmed: Passkeys['confirmed'];
	readonly registry: Registry;
	readonly servers: McpServers;
	readonly transfer: Transfer;
	readonly spending: Spending;
	readonly rules: () => RelayRules;
	readonly seal: KeySeal | undefined;
	readonly now: () => number;
}

const fetchedEnough = 'What this device may fetch in a day has been fetched.';

export function createAdmit(parts: AdmitParts): (who: Who, input: unknown) => Promise<Admitted> {
	const { members, confirmed, registry, servers, transfer, spending, rules, seal, now } = parts;
	return async (who, input) => {
		const { need, bucket, provider, spend, bytes, server } = parse(admitInput, input);
		const { kid, home, scopes } = await (need === 'admin' ? confirmed(who) : members.identify(who));
		if (need !== null && !covers(scopes, need)) throw new AppError('relay/scope-missing');
		members.limit(bucket, kid);
		const { billing, tokensPerDay, microDollarsPerDay } = rules();
		const sealed = provider === undefined ? undefined : registry.secret(provider);
		const at = now();
		if (spend !== undefined && !spending.reserve(home, spend, { tokensPerDay, microDollarsPerDay }, at))
			throw new AppError('relay/limit-reached');
		const address = server === undefined ? undefined : servers.address(kid, server);
		if (server !== undefined && address === undefined) throw new AppError('http/not-found');
		if (bytes !== undefined) {
			const refusal = transfer.reserve(kid, bytes, at);
			if (refusal !== undefined)
				throw new AppError('relay/rate-limited', { message: fetchedEnough, data: { ...refusal } });
		}
		const key =
			provider === undefined || sealed === undefined ? null : ((await seal?.open(provider, sealed)) ?? null);
		return {
			kid,
			home,
			scopes: [...scopes],
			key,
			billing,
			...(address === undefined ? {} : { address }),
			...(bytes === undefined && spend === undefined ? {} : { reservedAt: at })
		};
	};
}
