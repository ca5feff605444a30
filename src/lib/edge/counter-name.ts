/**
 * Names of the objects that count for somebody: made with a salt that only this relay's home has. There are few
 * enough IPv4 addresses to try them all against a bare hash.
 */

import { toBase64Url } from '../wire/base64';
import { utf8 } from '../wire/bytes';
import type { EdgeEnv } from './env';
import { relayState } from './home/ask-home';

/** @param who an address, or a home */
export async function counterName(env: EdgeEnv, who: string): Promise<string> {
	const { salt = '' } = await relayState(env);
	const algorithm = { name: 'HMAC', hash: 'SHA-256' };
	const key = await crypto.subtle.importKey('raw', utf8(`wherry-counter/v1|${salt}`), algorithm, false, [
		'sign'
	]);
	return `of:${toBase64Url(new Uint8Array(await crypto.subtle.sign('HMAC', key, utf8(who))))}`;
}
