/** Asks a DNS-over-HTTPS resolver (the JSON form of RFC 8484 that Cloudflare and Google speak) for a name's addresses. */

import { isJsonObject, parseJson } from '../wire/json';

const types = { A: 1, AAAA: 28 } as const;

/** All A and AAAA answers. Rejects when either question stays unanswered: fail closed. */
export async function resolveByDoh(
	resolver: string,
	host: string,
	signal: AbortSignal,
	send: (request: Request) => Promise<Response>
): Promise<readonly string[]> {
	const answers = await Promise.all(
		Object.entries(types).map(async ([type, code]) => {
			const address = `${resolver}?name=${encodeURIComponent(host)}&type=${type}`;
			const response = await send(
				new Request(address, { headers: { accept: 'application/dns-json' }, signal })
			);
			if (!response.ok) throw new Error(`The resolver answered ${response.status}.`);
			return readAnswers(parseJson(await response.text()), code);
		})
	);
	return answers.flat();
}

function readAnswers(body: unknown, code: number): readonly string[] {
	if (!isJsonObject(body) || !Array.isArray(body.Answer)) return [];
	return body.Answer.flatMap((answer: unknown) =>
		isJsonObject(answer) && answer.type === code && typeof answer.data === 'string' ? [answer.data] : []
	);
}
