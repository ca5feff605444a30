/**
 * So many requests a minute and address while nobody has claimed the relay. The platform's Rate
 * Limiting binding counts; where it is absent there is no limit, and health says so.
 */

import { AppError } from '../wire/errors';
import type { Caller } from './caller';
import { readVariable, type EdgeEnv } from './env';

/** What `[[ratelimits]]` of wrangler.toml says; the platform fixes it at deploy time. */
const bindingLimit = 30;

/** Looking at what is there costs little: a page that is reloaded, a list of fifty links, a device that waits for another. */
const readsForOne = 10;

export function isLimited(env: EdgeEnv): boolean {
	return Number(readVariable(env, 'RELAY_RATE_LIMIT') ?? bindingLimit) !== 0;
}

/**
 * Undefined where the request may go on.
 * @param what reads are counted apart from everything else, and there may be ten times as many
 */
export async function checkRate(
	env: EdgeEnv,
	caller: Caller,
	what: 'act' | 'read' = 'act'
): Promise<AppError | undefined> {
	if (env.RATE_LIMIT === undefined || !isLimited(env)) return undefined;
	const isRead = what === 'read';
	const wanted = Number(readVariable(env, 'RELAY_RATE_LIMIT') ?? bindingLimit) * (isRead ? readsForOne : 1);
	// A higher limit is spread over several counters of the binding's own limit; a lower one needs
	// the binding changed.
	const counters = Number.isFinite(wanted) ? Math.max(1, Math.ceil(wanted / bindingLimit)) : 1;
	const first = Math.floor(Math.random() * counters);
	for (let tried = 0; tried < Math.min(counters, 4); tried += 1) {
		const counter = (first + tried) % counters;
		const { success } = await env.RATE_LIMIT.limit({
			key: `${rateKey(caller.address)}#${isRead ? 'read' : ''}${counter}`
		});
		if (success) return undefined;
	}
	return new AppError('relay/rate-limited');
}

/** One person usually holds a whole IPv6 /64. */
export function rateKey(address: string): string {
	if (!address.includes(':') || address.includes('.')) return address;
	const [head = '', tail] = address.toLowerCase().split('::');
	const groups = head.split(':').filter((group) => group !== '');
	if (tail !== undefined) {
		const after = tail.split(':').filter((group) => group !== '');
		while (groups.length + after.length < 8) groups.push('0');
		groups.push(...after);
	}
	return groups
		.slice(0, 4)
		.map((group) => group.replace(/^0+(?=.)/, ''))
		.join(':');
}
