/**
 * Runs something with an effect once for an idempotency key, for endpoints of ours (trust.md C1 rule 8): whoever asks
 * again meanwhile is told to wait, whoever asks later gets the same answer. The caller has admitted who asks:
 * a key belongs to a home.
 */

import * as z from 'zod/mini';
import { AppError } from '../../wire/errors';
import type { ObjectNamespace } from '../env';
import { askHome } from './ask-home';
import { begun } from './verbs';

interface Once {
	readonly home: string;
	/** As the client gave it. */
	readonly key: string;
	readonly bodyHash: string;
}

const wellFormed = /^[\x21-\x7e]{8,200}$/;
const notOurs = { request: { method: '', target: '', bodyHash: '', aud: '' }, address: '' };

export async function idempotently(
	home: ObjectNamespace,
	{ home: owner, key: given, bodyHash }: Once,
	run: () => Promise<Response>
): Promise<Response> {
	if (!wellFormed.test(given)) throw new AppError('input/invalid', { data: { code: 'idempotency-key' } });
	const key = `${owner} ${given}`;
	const end = (input: object) => askHome(home, 'end', z.null(), { who: notOurs, input: { key, ...input } });
	const { found, answer } = await askHome(home, 'begin', begun, {
		who: notOurs,
		input: { key, bodyHash }
	});
	if (found === 'in-flight') throw new AppError('http/in-flight');
	if (found === 'other-body') throw new AppError('http/other-body');
	if (found === 'expired') throw new AppError('http/key-expired');
	if (found === 'done' && answer !== undefined) {
		const headers = new Headers(answer.headers);
		headers.set('idempotency-replayed', 'true');
		return new Response(answer.body, { status: answer.status, headers });
	}
	let response: Response;
	try {
		response = await run();
	} catch (thrown) {
		// Refused before anything was done. What failed after that keeps its key: nobody knows.
		if (thrown instanceof AppError && thrown.id !== 'internal/unexpected') await end({});
		throw thrown;
	}
	const body = await response.clone().text();
	await end({ answer: { status: response.status, headers: [...response.headers], body } });
	return response;
}
