/** Nothing that markup, a form or a foreign page can send: what every endpoint of ours that acts asks first. */

import { AppError } from '../wire/errors';
import type { Caller } from './caller';

export function checkOwnPage({ headers }: Request, caller: Caller, hasBody: boolean): void {
	const isOwn = caller.origin === 'absent' || caller.origin === 'same';
	if (!isOwn || headers.get('x-wherry') !== '1') throw new AppError('relay/origin-not-allowed');
	const site = headers.get('sec-fetch-site');
	if (site !== null && site !== 'same-origin' && site !== 'none')
		throw new AppError('relay/origin-not-allowed');
	const isJson = headers.get('content-type')?.split(';')[0]?.trim().toLowerCase() === 'application/json';
	if (hasBody && !isJson) throw new AppError('input/invalid', { data: { code: 'content-type' } });
}

const maxBody = 65_536;

export async function readSmall(request: Request): Promise<string> {
	if (Number(request.headers.get('content-length') ?? 0) > maxBody) {
		throw new AppError('input/invalid', { data: { code: 'body-too-large' } });
	}
	const text = await request.text();
	if (text.length > maxBody) throw new AppError('input/invalid', { data: { code: 'body-too-large' } });
	return text;
}
