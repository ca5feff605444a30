/**
 * The one table of errors: id → HTTP status, whether trying again can help, the sentence a
 * person reads, and what to do next. Errors are recognised by id, never by their text.
 */

import type { Json } from './json';

interface ErrorRow {
	readonly status: number;
	readonly retryable: boolean;
	readonly text: string;
	readonly next: string;
}

export const errorTable = {
	'input/invalid': {
		status: 400,
		retryable: false,
		text: 'Something in this request is not as it should be.',
		next: 'Check the marked value and try again.'
	},
	'session/not-found': {
		status: 404,
		retryable: false,
		text: 'This session is not on this device.',
		next: 'Pick another session from the list, or start a new one.'
	},
	'session/read-only': {
		status: 409,
		retryable: false,
		text: 'This session can be read but not written here.',
		next: 'Reload the page to get the newest version of Wherry.'
	},
	'entry/not-found': {
		status: 404,
		retryable: false,
		text: 'This message is no longer in the session.',
		next: 'Reload the session.'
	},
	'turn/not-found': {
		status: 404,
		retryable: false,
		text: 'There is no such turn.',
		next: 'Reload the session.'
	},
	'turn/already-running': {
		status: 409,
		retryable: true,
		text: 'A turn is already running in this session.',
		next: 'Stop it, steer it, or queue the message.'
	},
	'turn/elsewhere': {
		status: 409,
		retryable: true,
		text: 'Another of your devices is answering in this session.',
		next: 'Wait for it, stop it, or continue here.'
	},
	'turn/no-progress': {
		status: 500,
		retryable: true,
		text: 'The turn was tried several times and got no further.',
		next: 'Retry the message, perhaps with another model.'
	},
	'turn/interrupted': {
		status: 500,
		retryable: true,
		text: 'The turn was interrupted before it ended.',
		next: 'Retry the message.'
	},
	'model/no-key': {
		status: 401,
		retryable: false,
		text: 'This provider has no key yet.',
		next: 'Add a key under Providers, or pick another model.'
	},
	'model/wrong-key': {
		status: 401,
		retryable: false,
		text: 'The provider did not accept the key.',
		next: 'Check the key under Providers, then retry.'
	},
	'model/no-network': {
		status: 503,
		retryable: true,
		text: 'The model could not be reached.',
		next: 'Check the connection, then retry. Nothing that arrived is lost.'
	},
	'model/blocked-by-cors': {
		status: 502,
		retryable: false,
		text: 'The provider does not let a browser call it directly.',
		next: 'Switch this provider to go through the relay.'
	},
	'model/rate-limited': {
		status: 429,
		retryable: true,
		text: 'The provider asks to slow down.',
		next: 'Wait a little, then retry, or pick another model.'
	},
	'model/overloaded': {
		status: 529,
		retryable: true,
		text: 'The provider is overloaded.',
		next: 'Retry in a moment, or pick another model.'
	},
	'model/server-error': {
		status: 502,
		retryable: true,
		text: 'The provider failed on its side.',
		next: 'Retry, or pick another model.'
	},
	'model/context-too-long': {
		status: 413,
		retryable: false,
		text: 'The conversation is longer than this model can read.',
		next: 'Compact the session with /compact, or pick a model with a larger context.'
	},
	'model/refused': {
		status: 200,
		retryable: false,
		text: 'The model declined to answer.',
		next: 'Rephrase the message, or pick another model.'
	},
	'model/malformed-stream': {
		status: 502,
		retryable: true,
		text: 'The provider sent something that could not be read.',
		next: 'Retry. The text that arrived is kept.'
	},
	'model/stream-cut': {
		status: 502,
		retryable: true,
		text: 'The answer broke off before its end.',
		next: 'Retry. The text that arrived is kept.'
	},
	'model/bad-request': {
		status: 400,
		retryable: false,
		text: 'The provider did not accept the request.',
		next: 'Read the detail below; another model may accept it.'
	},
	'model/not-found': {
		status: 404,
		retryable: false,
		text: 'The provider does not know this model.',
		next: 'Pick another model under Providers.'
	},
	'model/plan': {
		status: 402,
		retryable: false,
		text: 'The account behind this key has no credit or plan for this.',
		next: 'Check billing with the provider, or pick another model.'
	},
	'model/timeout': {
		status: 504,
		retryable: true,
		text: 'The model took too long to answer.',
		next: 'Retry, or pick another model.'
	},
	'model/unavailable': {
		status: 503,
		retryable: false,
		text: 'This model is not available here.',
		next: 'Pick another model.'
	},
	'model/all-failed': {
		status: 502,
		retryable: true,
		text: 'No model of the fallback chain answered.',
		next: 'Read what each one said, then retry.'
	},
	'skill/unknown': {
		status: 404,
		retryable: false,
		text: 'There is no such skill.',
		next: 'See Skills for what is there.'
	},
	'skill/disabled': {
		status: 409,
		retryable: false,
		text: 'This skill is switched off.',
		next: 'Switch it on under Skills.'
	},
	'skill/unavailable': {
		status: 409,
		retryable: false,
		text: 'This skill cannot run here.',
		next: 'Skills says what it is missing.'
	},
	'skill/bad-arguments': {
		status: 400,
		retryable: false,
		text: 'The arguments do not fit this skill.',
		next: 'Correct the marked arguments.'
	},
	'skill/failed': {
		status: 500,
		retryable: true,
		text: 'The skill failed.',
		next: 'Read the detail, then retry.'
	},
	'skill/rate-limited': {
		status: 429,
		retryable: true,
		text: 'This skill is being used too often.',
		next: 'Wait a moment, then retry.'
	},
	'skill/timeout': {
		status: 504,
		retryable: true,
		text: 'The skill took too long.',
		next: 'Retry, or ask for less at once.'
	},
	'skill/stopped': {
		status: 499,
		retryable: true,
		text: 'The call was stopped.',
		next: 'Retry the message to run it again.'
	},
	'skill/not-run': {
		status: 409,
		retryable: false,
		text: 'This call was not run.',
		next: 'Ask again if it is still wanted.'
	},
	'skill/rejected': {
		status: 403,
		retryable: false,
		text: 'You rejected this call.',
		next: 'Say what should happen instead.'
	},
	'skill/outcome-unknown': {
		status: 500,
		retryable: false,
		text: 'It is not known whether this call took effect.',
		next: 'Check by hand, then mark it done or run it again.'
	},
	'gate/denied': {
		status: 403,
		retryable: false,
		text: 'A rule does not allow this call.',
		next: 'See Settings, policy.'
	},
	'gate/approval-stale': {
		status: 409,
		retryable: false,
		text: 'This approval has expired.',
		next: 'Ask for the call again.'
	},
	'gate/approval-used': {
		status: 409,
		retryable: false,
		text: 'This approval has been used already.',
		next: 'Nothing more to do.'
	},
	'gate/approval-mismatch': {
		status: 409,
		retryable: false,
		text: 'The call is not the one that was approved.',
		next: 'Look at the call again before approving.'
	},
	'undo/changed-since': {
		status: 409,
		retryable: false,
		text: 'What this call changed has been changed since.',
		next: 'Open the call to see what has changed.'
	},
	'fetch/url-not-allowed': {
		status: 403,
		retryable: false,
		text: 'This address may not be fetched.',
		next: 'Use a public https address.'
	},
	'fetch/too-large': {
		status: 413,
		retryable: false,
		text: 'The page is too large.',
		next: 'Ask for a smaller page.'
	},
	'fetch/timeout': {
		status: 504,
		retryable: true,
		text: 'The page took too long.',
		next: 'Retry in a moment.'
	},
	'fetch/too-many-redirects': {
		status: 502,
		retryable: false,
		text: 'The page redirects too often.',
		next: 'Use the final address.'
	},
	'fetch/failed': {
		status: 502,
		retryable: true,
		text: 'The page could not be fetched.',
		next: 'Check the address and the connection.'
	},
	'relay/unknown-provider': {
		status: 404,
		retryable: false,
		text: 'The relay has no such provider.',
		next: 'See /api/relay/providers for the ids.'
	},
	'relay/not-authorized': {
		status: 401,
		retryable: false,
		text: 'The relay needs a key for this.',
		next: 'Use a key of your own, or ask the relay\u2019s owner to admit this device.'
	},
	'relay/already-claimed': {
		status: 409,
		retryable: false,
		text: 'Somebody has claimed this relay already.',
		next: 'Ask its owner for an invitation.'
	},
	'relay/wrong-code': {
		status: 403,
		retryable: false,
		text: 'This code is not valid here.',
		next: 'Copy it again, in one piece.'
	},
	'relay/scope-missing': {
		status: 403,
		retryable: false,
		text: 'This device may not do that at this relay.',
		next: 'Ask the relay\u2019s owner.'
	},
	'relay/limit-reached': {
		status: 402,
		retryable: false,
		text: 'What may be spent here today is spent.',
		next: 'Use a key of your own, or go on tomorrow.'
	},
	'relay/no-secret': {
		status: 503,
		retryable: false,
		text: 'This relay has nothing to seal keys with.',
		next: 'Set RELAY_SECRET and deploy again.'
	},
	'relay/no-home': {
		status: 503,
		retryable: false,
		text: 'This relay keeps no devices.',
		next: 'Deploy it with its Durable Objects.'
	},
	'http/in-flight': {
		status: 409,
		retryable: true,
		text: 'This very request is being worked on.',
		next: 'Ask again in a second.'
	},
	'http/other-body': {
		status: 422,
		retryable: false,
		text: 'This idempotency key was used for another request.',
		next: 'Use a new key for a new request.'
	},
	'http/key-expired': {
		status: 410,
		retryable: false,
		text: 'What became of this request is no longer known.',
		next: 'Check by hand before you send it again.'
	},
	'relay/rate-limited': {
		status: 429,
		retryable: true,
		text: 'Too many requests from this address.',
		next: 'Wait a minute, then retry.'
	},
	'relay/upstream-unreachable': {
		status: 502,
		retryable: true,
		text: 'The provider could not be reached from the relay.',
		next: 'Retry in a moment.'
	},
	'relay/method-not-allowed': {
		status: 405,
		retryable: false,
		text: 'This address does not take that method.',
		next: 'See /openapi.json.'
	},
	'relay/origin-not-allowed': {
		status: 403,
		retryable: false,
		text: 'Requests from this origin are not taken.',
		next: 'Open Wherry at its own address.'
	},
	'relay/path-not-allowed': {
		status: 403,
		retryable: false,
		text: 'The relay does not forward this path.',
		next: 'See /openapi.json.'
	},
	'stream/not-found': {
		status: 404,
		retryable: false,
		text: 'There is no such stream, or its time is over.',
		next: 'Ask the model again.'
	},
	'stream/other-request': {
		status: 422,
		retryable: false,
		text: 'This stream id was used for another request.',
		next: 'Use a new id for a new request.'
	},
	'pair/code-incomplete': {
		status: 400,
		retryable: false,
		text: 'A part of the pairing code is missing.',
		next: 'Type all of it: twelve words, each to its end.'
	},
	'pair/code-unknown': {
		status: 400,
		retryable: false,
		text: 'This is no pairing code of a Wherry.',
		next: 'Compare it with what the other device shows: a word may be another, or stand elsewhere.'
	},
	'pair/taken': {
		status: 409,
		retryable: false,
		text: 'This pairing code was used already.',
		next: 'Press Pair a device on the other device for a new one. If it was not you, pair nobody.'
	},
	'pair/refused': {
		status: 403,
		retryable: false,
		text: 'What the other device sent does not open.',
		next: 'Begin again with a new pairing code.'
	},
	'sync/no-room': {
		status: 404,
		retryable: false,
		text: 'This is no home\u2019s address.',
		next: 'Pair the device again.'
	},
	'sync/socket-only': {
		status: 426,
		retryable: false,
		text: 'Devices meet here over a WebSocket.',
		next: 'Ask with an upgrade to a WebSocket.'
	},
	'sync/unavailable': {
		status: 503,
		retryable: false,
		text: 'This relay cannot bring devices together.',
		next: 'Deploy it with its Durable Objects, or pair through another relay.'
	},
	'stream/unavailable': {
		status: 503,
		retryable: false,
		text: 'This relay keeps no streams.',
		next: 'Deploy it with its Durable Objects, or ask without a stream id.'
	},
	'share/not-found': {
		status: 404,
		retryable: false,
		text: 'There is nothing to read behind this link.',
		next: 'It has expired, was revoked, or is not whole. Where it has a passphrase, that may be wrong. Ask whoever sent it.'
	},
	'share/damaged': {
		status: 422,
		retryable: false,
		text: 'What is behind this link is not as it was sealed.',
		next: 'Nothing of it is shown. Ask whoever sent it for a new link.'
	},
	'share/too-large': {
		status: 413,
		retryable: false,
		text: 'This is more than a link can hold (25 MB).',
		next: 'Leave out files or the content of calls, or share from an earlier message.'
	},
	'share/too-many': {
		status: 429,
		retryable: false,
		text: 'There are 50 living links from here.',
		next: 'Revoke one that is no longer needed.'
	},
	'backup/unreadable': {
		status: 422,
		retryable: false,
		text: 'This backup does not open.',
		next: 'Nothing here was changed.'
	},
	'backup/failed': {
		status: 503,
		retryable: true,
		text: 'No backup was made.',
		next: 'See Settings, Storage.'
	},
	'share/crowded': {
		status: 429,
		retryable: true,
		text: 'As many people follow this link as can at once.',
		next: 'Try again in a while.'
	},
	'share/unavailable': {
		status: 503,
		retryable: true,
		text: 'This relay keeps no shared sessions, or cannot be reached.',
		next: 'Try again, or save the session as a file.'
	},
	'storage/quota-exceeded': {
		status: 507,
		retryable: true,
		text: 'This browser has no room left for Wherry.',
		next: 'Free some space on the device or export and delete old sessions, then retry.'
	},
	'storage/gone': {
		status: 500,
		retryable: true,
		text: 'The browser closed or cleared Wherry\u2019s storage.',
		next: 'Reload the page.'
	},
	'storage/stale-epoch': {
		status: 409,
		retryable: true,
		text: 'Another tab has taken over.',
		next: 'Go on in that tab, or reload this one.'
	},
	'storage/conflict': {
		status: 409,
		retryable: true,
		text: 'This changed in the meantime.',
		next: 'Reload and try again.'
	},
	'storage/newer-schema': {
		status: 409,
		retryable: false,
		text: 'A newer Wherry has written here.',
		next: 'Reload to update. Until then everything can be read.'
	},
	'storage/upgrade-lost-rows': {
		status: 500,
		retryable: false,
		text: 'Storage was upgraded and more than half of a table is missing.',
		next: 'Close Wherry in every tab and reload. Do not clear the site\u2019s data: a copy from before may be there.'
	},
	'storage/failed': {
		status: 500,
		retryable: true,
		text: 'The browser\u2019s storage did not answer.',
		next: 'Reload the page.'
	},
	'worker/crashed': {
		status: 500,
		retryable: true,
		text: 'The agent stopped unexpectedly.',
		next: 'It is being restarted. Everything that was shown is kept.'
	},
	'worker/no-leader': {
		status: 503,
		retryable: true,
		text: 'The tab that runs the agent does not answer.',
		next: 'This tab takes over in a moment.'
	},
	'vault/no-secret': {
		status: 404,
		retryable: false,
		text: 'There is no such key in the vault.',
		next: 'Add it under Providers.'
	},
	'vault/wrong-origin': {
		status: 403,
		retryable: false,
		text: 'This key may only go to the provider it belongs to.',
		next: 'Add a key for that provider.'
	},
	'vault/secret-in-message': {
		status: 400,
		retryable: false,
		text: 'This looks like a key. It was not sent and not stored.',
		next: 'Save it as a provider key instead, or send it anyway.'
	},
	'import/unreadable': {
		status: 400,
		retryable: false,
		text: 'This file could not be read.',
		next: 'Choose an export of Wherry, ChatGPT, Claude, Open WebUI or LobeChat.'
	},
	'http/not-found': {
		status: 404,
		retryable: false,
		text: 'There is nothing at this address.',
		next: 'Go back to your sessions.'
	},
	'internal/unexpected': {
		status: 500,
		retryable: true,
		text: 'Something went wrong that should not have.',
		next: 'Retry. If it stays, export the session and report it.'
	}
} as const satisfies Record<string, ErrorRow>;

export type ErrorId = keyof typeof errorTable;

/** An error as it crosses a process boundary. `message` may be more specific than the table's text. */
export interface WireError {
	readonly id: ErrorId;
	readonly message: string;
	readonly retryable: boolean;
	readonly data?: Json;
}

interface AppErrorOptions {
	/** Overrides the table's text with a more specific sentence. No secrets, no content. */
	readonly message?: string;
	readonly data?: Json;
	readonly cause?: unknown;
	readonly retryable?: boolean;
}

export class AppError extends Error {
	readonly id: ErrorId;
	readonly retryable: boolean;
	readonly data: Json | undefined;

	constructor(id: ErrorId, options: AppErrorOptions = {}) {
		super(options.message ?? errorTable[id].text, { cause: options.cause });
		this.name = 'AppError';
		this.id = id;
		this.retryable = options.retryable ?? errorTable[id].retryable;
		this.data = options.data;
	}

	toWire(): WireError {
		return {
			id: this.id,
			message: this.message,
			retryable: this.retryable,
			...(this.data === undefined ? {} : { data: this.data })
		};
	}
}

export function isErrorId(value: unknown): value is ErrorId {
	return typeof value === 'string' && Object.hasOwn(errorTable, value);
}

/** Turns anything thrown into an AppError; what it already is stays as it is. */
export function toAppError(thrown: unknown, fallback: ErrorId = 'internal/unexpected'): AppError {
	if (thrown instanceof AppError) return thrown;
	if (isWireError(thrown)) return fromWire(thrown);
	const message = thrown instanceof Error ? thrown.message : String(thrown);
	return new AppError(fallback, {
		cause: thrown,
		...(message === '' ? {} : { data: { detail: message } })
	});
}

export function fromWire(error: WireError): AppError {
	return new AppError(error.id, {
		message: error.message,
		retryable: error.retryable,
		...(error.data === undefined ? {} : { data: error.data })
	});
}

export function isWireError(value: unknown): value is WireError {
	return (
		typeof value === 'object' &&
		value !== null &&
		'id' in value &&
		isErrorId(value.id) &&
		'message' in value &&
		typeof value.message === 'string'
	);
}

/** An abort is not an error: callers ask this first. */
export function isAbort(thrown: unknown): boolean {
	return thrown instanceof Error && (thrown.name === 'AbortError' || thrown.name === 'TimeoutError');
}
