/**
 * What a provider's error means, from its status, its code and its words: one of our ids.
 * The providers' sentence is kept as detail; it may name a model or a limit, never a key.
 */

import { AppError, isErrorId } from '../../wire/errors';
import type { ErrorId } from '../../wire/errors';
import { isJsonObject, parseJson } from '../../wire/json';
import type { Json } from '../../wire/json';

interface Told {
	readonly status: number;
	readonly code: string;
	readonly message: string;
}

const maximumDetail = 500;

const tooLong =
	/context.{0,3}(length|window)|maximum context|prompt is too long|too many (input )?tokens|input.{0,20}(exceed|too long)|token count.{0,40}exceed|exceeds? the (maximum|model)|reduce the length|request_too_large|string_above_max_length/i;
const noMoney =
	/insufficient[_ ](quota|balance|credit|funds)|credit balance|billing|payment required|exceeded your current quota|(add|purchase|buy) (more )?credits|out of credits|spending limit|no active (subscription|plan)/i;
const badKey =
	/api[_ -]?key (not valid|is invalid|expired|not found)|(invalid|incorrect|wrong|missing|no|expired)[_ ](x-)?api[_ -]?key|invalid_api_key|authentication|unauthenticated|unauthorized|API_KEY_INVALID/i;
const noModel =
	/model[_ ]not[_ ]found|model.{0,80}(does not exist|not exist|not found|is not (a valid|available|supported)|unknown)|unknown model|no such model|invalid model|not a valid model|no endpoints found/i;
const busy =
	/overloaded|over capacity|capacity exceeded|service unavailable|currently unavailable|UNAVAILABLE|high demand|loading model/i;
const slowDown =
	/rate[_ ]?limit|too many requests|RESOURCE_EXHAUSTED|throttl|slow down|tokens per min|requests per min/i;
const filtered = /content[_ ]?(policy|filter)|content management policy|safety (system|filter)|flagged/i;

function classify({ status, code, message }: Told): ErrorId {
	const words = `${code} ${message}`;
	if (status === 402 || (status !== 401 && noMoney.test(words))) return 'model/plan';
	if (status === 413 || (status < 500 && tooLong.test(words))) return 'model/context-too-long';
	if (status === 401) return 'model/wrong-key';
	if (status === 429) return 'model/rate-limited';
	if (status === 529 || status === 503) return 'model/overloaded';
	if (status === 408 || status === 504 || status === 524) return 'model/timeout';
	if (noModel.test(words)) return 'model/not-found';
	if (badKey.test(words)) return 'model/wrong-key';
	if (status === 403) return filtered.test(words) ? 'model/refused' : 'model/wrong-key';
	if (status === 404) return 'model/not-found';
	if (busy.test(words)) return 'model/overloaded';
	if (slowDown.test(words)) return 'model/rate-limited';
	if (status >= 500 || /server_error|internal|api_error|upstream/i.test(code)) return 'model/server-error';
	return 'model/bad-request';
}

/** Reads an error object as providers write it, at any of the usual depths. `status` 0: it came inside a 200. */
export function readErrorObject(value: Json | undefined, status: number, retryAfterMs?: number): AppError {
	const told = tell(value, status);
	// Our own relay answers in the provider's shape, with our id as the code.
	const id = isErrorId(told.code) ? told.code : classify(told);
	const detail = told.message.slice(0, maximumDetail);
	return new AppError(id, {
		data: {
			...(told.status === 0 ? {} : { status: told.status }),
			...(told.code === '' ? {} : { code: told.code.slice(0, 100) }),
			...(detail === '' ? {} : { detail }),
			...(retryAfterMs === undefined ? {} : { retryAfterMs })
		}
	});
}

function tell(value: Json | undefined, status: number): Told {
	if (typeof value === 'string') return { status, code: '', message: value };
	if (Array.isArray(value)) return tell(value[0], status);
	if (!isJsonObject(value)) return { status, code: '', message: '' };
	const inner = value['error'] ?? firstError(value['errors']);
	if (isJsonObject(inner)) return tell(inner, status);
	const numeric = [value['code'], value['status'], value['status_code']].find((code) => isHttpStatus(code));
	const codes = [value['type'], value['status'], value['code'], value['reason']].filter(
		(code) => typeof code === 'string'
	);
	const specific =
		codes.find((code) => isErrorId(code)) ?? [...codes].reverse().find((code) => code !== 'error') ?? '';
	const words = inner ?? value['message'] ?? value['detail'] ?? value['failed_generation'];
	return {
		status: status >= 400 ? status : typeof numeric === 'number' ? numeric : 0,
		code: isErrorId(specific) ? specific : codes.filter((code) => code !== 'error').join(' '),
		message: typeof words === 'string' ? words : words === undefined ? '' : JSON.stringify(words)
	};
}

function firstError(errors: Json | undefined): Json | undefined {
	return Array.isArray(errors) ? errors[0] : errors;
}

function isHttpStatus(code: Json | undefined): boolean {
	return typeof code === 'number' && code >= 400 && code < 600;
}

/** A non-2xx answer of any provider that speaks HTTP and JSON. */
export function readHttpError(status: number, headers: Headers, body: string): AppError {
	const value = parseJson(body);
	const text = body.trimStart().startsWith('<') ? '' : body.slice(0, maximumDetail);
	return readErrorObject(value ?? text, status, retryAfter(headers));
}

/** Milliseconds that the server asks to wait: `retry-after-ms`, or `retry-after` in seconds or as a date (RFC 9110). */
export function retryAfter(headers: Headers, now?: number): number | undefined {
	const exact = Number.parseFloat(headers.get('retry-after-ms') ?? '');
	if (Number.isFinite(exact) && exact >= 0) return exact;
	const text = headers.get('retry-after');
	if (text === null) return undefined;
	const seconds = Number(text);
	if (text.trim() !== '' && Number.isFinite(seconds)) return Math.max(0, seconds * 1000);
	const date = Date.parse(text);
	const from = now ?? Date.parse(headers.get('date') ?? '');
	return Number.isFinite(date) && Number.isFinite(from) ? Math.max(0, date - from) : undefined;
}
