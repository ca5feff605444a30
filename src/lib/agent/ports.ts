/**
 * Everything impure that the agent needs, as nouns. Composition roots in `workers/` pass
 * them in; tests pass fakes. Nothing here knows a browser, workerd or Node.
 */

export interface Clock {
	/** Milliseconds since 1970. */
	now(): number;
	/** Resolves after `ms`, or rejects with the signal's reason when aborted. */
	sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export interface Ids {
	/** A UUIDv7; ids made one after another sort in that order. */
	next(): string;
}

export interface Random {
	/** In [0, 1). */
	float(): number;
	bytes(length: number): Uint8Array<ArrayBuffer>;
}

/** The one way out. Which hosts a caller may reach is decided by whoever hands the port out. */
export type FetchPort = (request: Request) => Promise<Response>;

/**
 * The platform's own `fetch`. It makes a Request of an address and an init by itself: to make one first, with a
 * signal, costs as much as reading the events of a short answer (45 µs in Node).
 */
export type NetworkPort = (to: Request | string, init?: RequestInit) => Promise<Response>;

/** A WebSocket as far as anybody here needs one; what comes in goes to `on`, `closed` at most once. */
export interface SocketPort {
	send(text: string): void;
	close(): void;
}
export type OpenSocket = (
	address: string,
	protocols: readonly string[],
	on: { readonly message: (text: string) => void; readonly closed: (code: number) => void }
) => SocketPort;

/** Device identity: who writes entries. */
export interface Device {
	readonly id: string;
}

export interface AgentPorts {
	readonly clock: Clock;
	readonly ids: Ids;
	readonly random: Random;
	readonly fetch: NetworkPort;
	/** Loaded by whoever needs one; absent where there are none. */
	readonly sockets?: () => Promise<{ readonly openSocket: OpenSocket }>;
}

/** A way to the room of this device's home, and whether there is one at all. */
export interface SyncNetwork {
	/** Frames of text; `closed` once, whoever closed it. */
	open(
		address: string,
		heard: { readonly frame: (text: string) => void; readonly closed: () => void }
	): { send(frame: string): void; close(): void };
	isOnline(): boolean;
	/** Answers with a function that ends the listening. */
	onChange(listener: () => void): () => void;
}
