/**
 * Every address of the edge, in one list: `/openapi.json` is made from it, and a test compares it with
 * the files under `src/routes` and with what really answers.
 */

import * as z from 'zod/mini';
import { keptBackups } from '../wire/backup-api';
import { streamInfo } from '../wire/hub';
import { passkey, passkeyRequest } from '../wire/passkey';
import { meetingNote } from '../wire/pairing';
import {
	claimRequest,
	deviceRequest,
	invitation,
	mcpServer,
	mcpServerRequest,
	relayDevice,
	relayRules,
	relaySecrets,
	relayToken,
	secretRequest
} from '../wire/relay';
import { shareState } from '../wire/share-api';
import { failure, fetchRequest, health, relayMetrics, relayProviderList } from './schemas';

export interface EdgeRoute {
	readonly path: string;
	readonly methods: readonly ('GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE')[];
	readonly summary: string;
	readonly request?: z.core.$ZodType;
	/** Schema of `data` in the envelope; absent where the answer is not an envelope. */
	readonly data?: z.core.$ZodType;
	/** What the answer is where it is no envelope. */
	readonly answer?: string;
	/** Headers without which the request is refused. */
	readonly requires?: Readonly<Record<string, string>>;
	/** What a device must be allowed to, once the relay is claimed. `device`: any that is admitted. */
	readonly needs?: string;
}

export const edgeRoutes: readonly EdgeRoute[] = [
	{
		path: '/api/relay/{provider}/{path}',
		methods: ['GET', 'HEAD', 'POST', 'DELETE'],
		summary:
			'The provider, in its own wire format: use /api/relay/{provider} (and its basePath) as base URL of any SDK. Your key goes in the provider\u2019s own header.',
		answer: 'What the provider answers, unbuffered; errors of the relay in the provider\u2019s own shape.',
		needs: 'provider.use'
	},
	{
		path: '/api/relay/providers',
		methods: ['GET'],
		summary: 'The providers by id, and whether this caller can use a key that the relay holds.',
		data: relayProviderList
	},
	{
		path: '/api/streams/{id}',
		methods: ['GET'],
		summary:
			'A provider\u2019s response that the relay was asked to keep (x-wherry-stream, x-wherry-seal), from the frame after `after`.',
		answer:
			'Server-sent events: sealed frames with dense numbers, then `end`, or `reset` where they are no longer kept.'
	},
	{
		path: '/api/streams/{id}/state',
		methods: ['GET'],
		summary: 'How such a stream stands.',
		data: streamInfo
	},
	{
		path: '/api/streams/{id}/stop',
		methods: ['POST'],
		summary: 'Ends the request to the provider; what had come stays.',
		data: streamInfo
	},
	{
		path: '/api/shares',
		methods: ['POST'],
		summary:
			'Keeps sealed bytes (the body, at most 25 MiB) under an id until they expire. What they say, and the key, never come here. On a claimed relay with a token of this relay in x-wherry-authorization.',
		requires: { 'X-Wherry': '1' },
		needs: 'share',
		data: shareState
	},
	{
		path: '/api/shares/{id}',
		methods: ['GET', 'PUT', 'DELETE'],
		summary:
			'The sealed bytes, for a bearer of the reader\u2019s token, from any origin; PUT puts others there, with the signed frame of a live share that names them (X-Wherry-Frame), for its owner; DELETE revokes, for a bearer of the owner\u2019s token or of SHARE_OPERATOR_TOKEN. Missing, revoked, expired and not allowed are one answer.',
		answer: 'GET: the sealed bytes. PUT and DELETE: an empty envelope.'
	},
	{
		path: '/api/shares/{id}/live',
		methods: ['GET'],
		summary:
			'The WebSocket of a live share (subprotocols `wherry.share.v1` and `token.` with a token): sealed, numbered frames that its owner signed, and sealed words of participants on their way to the owner.',
		answer: 'A socket; 404 for everybody who may not.'
	},
	{
		path: '/api/shares/{id}/state',
		methods: ['GET'],
		summary: 'How often a share was opened and when it expires, for a bearer of the owner\u2019s token.',
		data: shareState
	},
	{
		path: '/share/{id}',
		methods: ['GET'],
		summary:
			'The page that opens a share. It is the same for every id: what is shared is behind the fragment.',
		answer: 'A document'
	},
	{
		path: '/api/backups/{id}',
		methods: ['GET', 'PUT', 'DELETE'],
		summary:
			'The backups of one key, newest first, for a bearer of its reader\u2019s token. PUT keeps another, for a bearer of its writer\u2019s token on a device of this relay (64 MB at most; the newest stays, and some older ones, of a day and of a week; X-Wherry-Keep names another that is to); DELETE forgets them all. What they hold, and whose they are, never comes here.',
		requires: { 'X-Wherry': '1' },
		data: keptBackups
	},
	{
		path: '/api/backups/{id}/{at}',
		methods: ['GET'],
		summary: 'One of them, sealed.',
		requires: { 'X-Wherry': '1' },
		answer: 'The sealed bytes.'
	},
	{
		path: '/api/sync/{room}',
		methods: ['GET'],
		summary: 'Where the devices of one home meet: sealed, signed operations in one order.',
		requires: { Upgrade: 'websocket' },
		answer: 'A WebSocket; it begins with a challenge that the device\u2019s key has to answer.'
	},
	{
		path: '/api/pair/{place}/{slot}',
		methods: ['GET', 'POST', 'DELETE'],
		summary:
			'A sealed note that one device leaves another which it pairs with, once, for ten minutes. The one in slot `recovery` stays until it is deleted; on a claimed relay it is left by a device that may sync.',
		request: meetingNote,
		answer: 'The note, or null while there is none.'
	},
	{
		path: '/api/fetch',
		methods: ['POST'],
		summary: 'A public https page as data, for what CORS keeps from the browser.',
		request: fetchRequest,
		requires: { 'X-Wherry': '1' },
		needs: 'fetch',
		answer:
			'The page\u2019s bytes with 200; its own status in x-wherry-status, its final address in x-wherry-url.'
	},
	{
		path: '/api/mcp-relay/{server}',
		methods: ['GET', 'POST', 'DELETE'],
		summary:
			'An MCP server by the id of /api/mcp-servers, in its own wire format (streamable HTTP or SSE), unbuffered. Your key for it goes in the server\u2019s own header; a token of this relay in x-wherry-authorization.',
		requires: { 'X-Wherry': '1' },
		needs: 'mcp',
		answer: 'What the server answers, with its own status; errors of the relay with x-wherry-error.'
	},
	{
		path: '/api/mcp-servers',
		methods: ['GET', 'PUT', 'DELETE'],
		summary:
			'The MCP servers that this device has named; names one by its public https address; forgets one (`id`). Always signed.',
		request: mcpServerRequest,
		requires: { 'X-Wherry': '1' },
		needs: 'mcp',
		data: z.array(mcpServer)
	},
	{
		path: '/api/claim',
		methods: ['POST'],
		summary:
			'Makes the device that signs this request the owner of an unclaimed relay. Once, with the claim code.',
		request: claimRequest,
		requires: { 'X-Wherry': '1' },
		answer: 'The device as the relay now knows it.'
	},
	{
		path: '/api/token',
		methods: ['POST'],
		summary: 'A token for a quarter of an hour, for a request that the device signed. It cannot administer.',
		requires: { 'X-Wherry': '1' },
		needs: 'device',
		data: relayToken
	},
	{
		path: '/api/devices',
		methods: ['GET', 'POST', 'DELETE'],
		summary:
			'The devices of this relay (an administrator sees all, others their own home\u2019s); adds one, by invitation or by an administrator; revokes one (`kid`), at once.',
		request: deviceRequest,
		requires: { 'X-Wherry': '1' },
		needs: 'device',
		data: z.array(relayDevice)
	},
	{
		path: '/api/invites',
		methods: ['POST'],
		summary:
			'A code by which one device of somebody else is admitted, within a week. Takes an Idempotency-Key.',
		requires: { 'X-Wherry': '1' },
		needs: 'admin',
		data: invitation
	},
	{
		path: '/api/secrets',
		methods: ['GET', 'PUT', 'DELETE'],
		summary:
			'For which providers the relay keeps a key; sets one; removes one (`provider`). Never shows one.',
		request: secretRequest,
		requires: { 'X-Wherry': '1' },
		needs: 'admin',
		data: relaySecrets
	},
	{
		path: '/api/admission',
		methods: ['GET', 'PUT'],
		summary:
			'Who else may come in, what a home may spend a day, how the relay pays, where to say that it fails.',
		request: relayRules,
		requires: { 'X-Wherry': '1' },
		needs: 'admin',
		data: relayRules
	},
	{
		path: '/api/passkeys',
		methods: ['GET', 'PUT', 'DELETE'],
		summary:
			'The passkeys that this relay asks for before it is changed (x-wherry-passkey, beside the signature); adds one; removes one (`id`). While there is none, none is asked for.',
		request: passkeyRequest,
		requires: { 'X-Wherry': '1' },
		needs: 'admin',
		data: z.array(passkey)
	},
	{
		path: '/api/metrics',
		methods: ['GET'],
		summary: 'How many requests went how, and what was spent today.',
		requires: { 'X-Wherry': '1' },
		needs: 'admin',
		data: relayMetrics
	},
	{ path: '/api/health', methods: ['GET'], summary: 'What works on this relay, and why not.', data: health },
	{ path: '/openapi.json', methods: ['GET'], summary: 'This description.', answer: 'OpenAPI 3.1' }
];

export const failureSchema = failure;
