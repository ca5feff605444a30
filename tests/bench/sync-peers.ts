/** P14's contenders: two devices of ours at a room in workerd, and two Yjs documents at a y-websocket server in Node. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { WebsocketProvider } from 'y-websocket';
import * as Y from 'yjs';
import { createConnection, type SyncConnection } from '../../src/lib/agent/sync/connection';
import type { Reading } from '../../src/lib/agent/sync/read-envelopes';
import { createReplica, type Replica } from '../../src/lib/agent/sync/replica';
import { createRoomKeys } from '../../src/lib/agent/sync/room-keys';
import { genesisOf } from '../../src/lib/agent/sync/signature';
import type { KnownOperation } from '../../src/lib/wire/operations';
import { createSyncDevice, type SyncDevice } from '../fakes/sync-devices';

export const characters = 200;

/** One edit: a node of a session, as an entry becomes one. */
export function nodeOf(index: number, dev: string): KnownOperation {
	const content = { role: 'user', text: `${String(index)} `.padEnd(characters, 'some words of a message ') };
	return {
		v: 1,
		opId: `operation-number-${String(index)}`,
		dev,
		lam: index + 1,
		hlc: [1_764_000_000_000 + index, 0],
		deps: [],
		type: 'node.add',
		body: {
			node: `n${String(index)}`,
			parent: index === 0 ? null : `n${String(index - 1)}`,
			session: `s${String(index >> 8)}`,
			content
		}
	};
}

export interface OurDevice {
	readonly replica: Replica;
	readonly connection: SyncConnection;
	/** Characters of every frame of operations that came. */
	received: number;
	/** Frames that went out. */
	sent: number;
	close(): void;
}

const clock = { sleep: (ms: number) => new Promise<void>((done) => setTimeout(done, ms)) };

/** A life of `device` with nothing but its keys, connected. */
export function connectOurs(
	port: number,
	room: string,
	secret: Uint8Array<ArrayBuffer>,
	device: SyncDevice,
	isNew = true
): OurDevice {
	const replica = isNew ? createReplica({ room, dev: device.kid, genesis: genesisOf(room) }) : device.replica;
	const keys = createRoomKeys(room, [[1, secret]]);
	const reading: Reading = { room, replica, keys, unwrap: device.reading.unwrap };
	const connection = createConnection({ reading, signer: device.signer, clock });
	const socket = new WebSocket(`ws://127.0.0.1:${String(port)}/api/sync/${room}`);
	const ours = { replica, connection, received: 0, sent: 0, close: () => socket.close() };
	socket.addEventListener('message', ({ data }) => {
		const frame = String(data);
		if (frame.startsWith('{"type":"ops"')) ours.received += frame.length;
		void connection.received(frame);
	});
	connection.open({
		send(frame) {
			ours.sent += 1;
			socket.send(frame);
		},
		close: () => socket.close()
	});
	return ours;
}

/** In front of a server: counts what goes to whoever connects here. */
export async function countingLine(port: number): Promise<{ port: number; bytes(): number; close(): void }> {
	let bytes = 0;
	const server = createServer((near) => {
		const far = connect(port, '127.0.0.1');
		near.pipe(far);
		far.on('data', (piece: Buffer) => {
			bytes += piece.length;
			near.write(piece);
		});
		for (const socket of [near, far]) {
			socket.on('error', () => undefined);
			socket.on('close', () => {
				near.destroy();
				far.destroy();
			});
		}
	}).listen(0, '127.0.0.1');
	await once(server, 'listening');
	const { port: own } = server.address() as AddressInfo;
	return { port: own, bytes: () => bytes, close: () => server.close() };
}

export const makeDevice = (room: string, secret: Uint8Array<ArrayBuffer>): Promise<SyncDevice> =>
	createSyncDevice(room, secret, 'Ed25519');

export async function until(isSo: () => boolean, what: string, limitMs = 300_000): Promise<void> {
	const start = performance.now();
	while (!isSo()) {
		if (performance.now() - start > limitMs) throw new Error(`it never came to this: ${what}`);
		await new Promise((done) => setTimeout(done, 1));
	}
}

/**
 * y-websocket's own server was taken out of it in version 2, and its successor needs another Yjs. This is what it
 * does in memory: y-protocols' sync messages, and every update to every connection.
 */
const yjsServer = `
import { createServer } from 'node:http';
import { WebSocketServer } from 'ws';
import * as Y from 'yjs';
import * as sync from 'y-protocols/sync';
import * as encoding from 'lib0/encoding';
import * as decoding from 'lib0/decoding';
const rooms = new Map();
const roomOf = (name) => {
	let room = rooms.get(name);
	if (room !== undefined) return room;
	room = { doc: new Y.Doc({ gc: true }), sockets: new Set() };
	room.doc.on('update', (update) => {
		const encoder = encoding.createEncoder();
		encoding.writeVarUint(encoder, 0);
		sync.writeUpdate(encoder, update);
		const message = encoding.toUint8Array(encoder);
		for (const socket of room.sockets) socket.send(message);
	});
	rooms.set(name, room);
	return room;
};
const server = createServer();
new WebSocketServer({ server }).on('connection', (socket, { url }) => {
	const { doc, sockets } = roomOf(url);
	socket.binaryType = 'arraybuffer';
	sockets.add(socket);
	socket.on('close', () => sockets.delete(socket));
	socket.on('message', (data) => {
		const decoder = decoding.createDecoder(new Uint8Array(data));
		if (decoding.readVarUint(decoder) !== 0) return;
		const encoder = encoding.createEncoder();
		encoding.writeVarUint(encoder, 0);
		sync.readSyncMessage(decoder, encoder, doc, socket);
		if (encoding.length(encoder) > 1) socket.send(encoding.toUint8Array(encoder));
	});
	const encoder = encoding.createEncoder();
	encoding.writeVarUint(encoder, 0);
	sync.writeSyncStep1(encoder, doc);
	socket.send(encoding.toUint8Array(encoder));
});
server.listen(0, '127.0.0.1', () => process.send(server.address().port));
`;

export interface YjsServer {
	readonly port: number;
	stop(): void;
}

export async function serveYjs(): Promise<YjsServer> {
	const folder = mkdtempSync(join(tmpdir(), 'wherry-yjs-bench-'));
	const outfile = join(folder, 'server.cjs');
	await build({
		stdin: { contents: yjsServer, resolveDir: join(process.cwd(), 'tests/bench'), loader: 'js' },
		bundle: true,
		platform: 'node',
		format: 'cjs',
		outfile
	});
	const child = spawn(process.execPath, [outfile], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
	const [port] = (await once(child, 'message')) as [number];
	return {
		port,
		stop() {
			child.kill('SIGKILL');
			rmSync(folder, { recursive: true, force: true });
		}
	};
}

export interface YjsDevice {
	readonly doc: Y.Doc;
	readonly nodes: Y.Map<unknown>;
	/** Bytes of every update that came. */
	received: number;
	close(): void;
}

export function connectYjs(port: number, room: string): YjsDevice {
	const doc = new Y.Doc();
	const provider = new WebsocketProvider(`ws://127.0.0.1:${String(port)}`, room, doc, {
		WebSocketPolyfill: WebSocket,
		disableBc: true
	});
	const device = {
		doc,
		nodes: doc.getMap('nodes'),
		received: 0,
		close() {
			provider.destroy();
			doc.destroy();
		}
	};
	doc.on('update', (update, origin) => {
		if (origin === provider) device.received += update.length;
	});
	return device;
}
