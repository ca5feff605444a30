/**
 * Between the agent and a hub, the edge's replayable copy of one provider response.
 *
 *   POST /api/relay/{provider}/{path}  with `x-wherry-stream: {id}` and `x-wherry-seal: {base64url, 32 bytes}`
 *   GET  /api/streams/{id}?after={seq}  both answer a hub stream, as server-sent events:
 *
 *     id: {epoch}-{seq}               a frame: numbered densely from 1, sent only once it is stored
 *     data: {base64 of sealed bytes}
 *
 *     event: end                      nothing more will come; `state` says why
 *     data: {"state":"done","seq":N}
 *
 *     event: reset                    what was asked for is no longer kept; `first` is
 *     data: {"first":N,"seq":N}
 *
 * A frame holds, once opened, one byte that says what it is and then what it is: the provider's status
 * and headers (JSON, always frame 1), or its bytes, verbatim and cut anywhere. The edge keeps the key in
 * memory while it reads, and never writes it down.
 */

import * as z from 'zod/mini';

export const hubHeader = { stream: 'x-wherry-stream', seal: 'x-wherry-seal' } as const;

export const streamsPrefix = '/api/streams/';

/** Unguessable: whoever knows the id may read the (sealed) stream and stop it. */
export const streamId = z.string().check(z.regex(/^[A-Za-z0-9_-]{20,64}$/));

/** `upstream-lost`: the hub itself was restarted; what had come is kept, more will not come. */
export const streamStates = ['reading', 'done', 'stopped', 'failed', 'upstream-lost'] as const;
export type StreamState = (typeof streamStates)[number];

/** `GET /api/streams/{id}/state`. */
export const streamInfo = z.object({
	id: streamId,
	epoch: z.string(),
	state: z.enum(streamStates),
	/** Of the oldest frame that is kept; one more than `seq` where none is. */
	first: z.number(),
	/** Of the newest frame; 0 before the first. */
	seq: z.number(),
	/** Sealed bytes that are kept. */
	bytes: z.number(),
	/** Who reads along at this moment. */
	readers: z.number(),
	startedAt: z.number(),
	endedAt: z.optional(z.number())
});
export type StreamInfo = z.infer<typeof streamInfo>;

export const endEvent = z.object({ state: z.enum(streamStates), seq: z.number() });
export const resetEvent = z.object({ first: z.number(), seq: z.number() });

/** The provider's status line, as the first frame holds it. */
export const responseHead = z.object({
	status: z.number(),
	headers: z.array(z.tuple([z.string(), z.string()]))
});

export const frameKind = { head: 0x48, body: 0x42 } as const;

/** What a frame costs beside its content: the kind, and GCM's tag. */
export const frameOverhead = 1 + 16;

export interface Seal {
	seal(seq: number, kind: number, content: Uint8Array): Promise<Uint8Array<ArrayBuffer>>;
	/** Rejects where a byte, the number, the stream or the epoch is another. */
	open(
		seq: number,
		sealed: Uint8Array<ArrayBuffer>
	): Promise<{ kind: number; content: Uint8Array<ArrayBuffer> }>;
}

const text = new TextEncoder();

/**
 * AES-256-GCM under a key of this stream and epoch alone, so that the frame's number can be the nonce:
 * a key that a client gave twice still never seals two texts alike.
 */
export async function createSeal(
	secret: Uint8Array<ArrayBuffer>,
	stream: string,
	epoch: string
): Promise<Seal> {
	const base = await crypto.subtle.importKey('raw', secret, 'HKDF', false, ['deriveKey']);
	const key = await crypto.subtle.deriveKey(
		{
			name: 'HKDF',
			hash: 'SHA-256',
			salt: text.encode(`wherry-hub/v1|${stream}|${epoch}`),
			info: text.encode('frame')
		},
		base,
		{ name: 'AES-GCM', length: 256 },
		false,
		['encrypt', 'decrypt']
	);
	const parameters = (seq: number) => {
		const iv = new Uint8Array(12);
		new DataView(iv.buffer).setBigUint64(4, BigInt(seq));
		return { name: 'AES-GCM', iv, additionalData: text.encode(`${stream}|${epoch}|${String(seq)}`) };
	};
	return {
		async seal(seq, kind, content) {
			const plain = new Uint8Array(1 + content.length);
			plain[0] = kind;
			plain.set(content, 1);
			return new Uint8Array(await crypto.subtle.encrypt(parameters(seq), key, plain));
		},
		async open(seq, sealed) {
			const plain = new Uint8Array(await crypto.subtle.decrypt(parameters(seq), key, sealed));
			return { kind: plain[0] ?? 0, content: plain.subarray(1) };
		}
	};
}
