/** Listeners on this machine's own addresses, that nothing may ever connect to; and how many did. */

import { createConnection, createServer, type Server } from 'node:net';
import { networkInterfaces } from 'node:os';

export interface Canaries {
	/** `https://…` addresses at which one listens. */
	readonly at: readonly string[];
	/** Asked when everything that was on its way has arrived: it touches each of them once itself, and takes that off. */
	touched(): Promise<number>;
	close(): void;
}

/** The ports that the guard lets through: others would prove nothing. */
const ports = [443, 8443];

export async function startCanaries(): Promise<Canaries> {
	let touched = 0;
	const servers: Server[] = [];
	const at: string[] = [];
	let own = 0;
	const listening: { readonly host: string; readonly port: number }[] = [];
	const local = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
	const hosts = new Set([
		'127.0.0.1',
		'127.0.0.2',
		'127.255.255.254',
		'::1',
		...local.flatMap(({ address, scopeid }) => ((scopeid ?? 0) === 0 ? [address] : []))
	]);
	for (const host of hosts)
		for (const port of ports) {
			const server = createServer((socket) => {
				touched += 1;
				socket.destroy();
			});
			const isListening = await new Promise<boolean>((done) => {
				server.once('error', () => done(false)).listen(port, host, () => done(true));
			});
			if (!isListening) continue;
			servers.push(server);
			listening.push({ host, port });
			const name = host.includes(':') ? `[${host}]` : host;
			at.push(`https://${name}${port === 443 ? '' : `:${String(port)}`}/`);
		}
	return {
		at,
		async touched() {
			const before = own;
			for (const { host, port } of listening) {
				own += 1;
				await new Promise((done) => createConnection(port, host).once('close', done).resume());
			}
			if (own - before !== listening.length || touched < own) throw new Error('A canary does not sing.');
			return touched - own;
		},
		close: () => servers.forEach((server) => server.close())
	};
}
