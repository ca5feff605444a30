/** Gets a page: directly where the site lets other pages read it, else through the guarded relay. */

import { joinBytes } from '../../wire/bytes';
import { AppError, toAppError } from '../../wire/errors';
import { isJsonObject } from '../../wire/json';
import type { ActionContext, RelayedPage } from '../plugin';

const maximumBytes = 5 * 1024 * 1024;

export async function fetchPage(url: URL, context: ActionContext): Promise<RelayedPage> {
	const { host, signal } = context;
	try {
		return await fetchDirectly(url, context);
	} catch (thrown) {
		if (signal.aborted || !mayTryRelay(thrown)) throw thrown;
		if (host.relay !== undefined) return host.relay.fetchPage(url.href, signal);
		const message = `${url.host} does not let other pages read it, and there is no relay here to read it through.`;
		throw new AppError('fetch/failed', { message, cause: thrown });
	}
}

/** CORS shows itself as a bare TypeError; a redirect's target is hidden in a browser, and for the relay to judge. */
function mayTryRelay(thrown: unknown): boolean {
	if (!(thrown instanceof AppError)) return true;
	const error = toAppError(thrown);
	return isJsonObject(error.data) && error.data['reason'] === 'redirect';
}

async function fetchDirectly(url: URL, { fetch }: ActionContext): Promise<RelayedPage> {
	const response = await fetch(
		new Request(url, { headers: { accept: 'text/html, text/plain;q=0.9, */*;q=0.5' } })
	);
	const contentType = response.headers.get('content-type') ?? '';
	return {
		url: url.href,
		status: response.status,
		contentType,
		text: decode(await readBody(response), contentType)
	};
}

async function readBody(response: Response): Promise<Uint8Array> {
	const pieces: Uint8Array[] = [];
	let size = 0;
	const reader = response.body?.getReader();
	for (let next = await reader?.read(); next !== undefined && !next.done; next = await reader?.read()) {
		size += next.value.length;
		if (size > maximumBytes) {
			await reader?.cancel();
			throw new AppError('fetch/too-large');
		}
		pieces.push(next.value);
	}
	return joinBytes(pieces);
}

/** By the header's charset, else the one that the page names in its first bytes, else UTF-8. */
function decode(bytes: Uint8Array, contentType: string): string {
	const head = new TextDecoder('latin1').decode(bytes.subarray(0, 1024));
	const label =
		/charset=["']?([\w-]{1,40})/i.exec(contentType)?.[1] ??
		/<meta[^>]{1,200}charset=["']?([\w-]{1,40})/i.exec(head)?.[1];
	try {
		return new TextDecoder(label ?? 'utf-8').decode(bytes);
	} catch {
		return new TextDecoder().decode(bytes);
	}
}
