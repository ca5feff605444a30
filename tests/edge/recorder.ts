/** Notes what reaches an upstream, raw, and hands it on. */

import { createServer, request as send } from 'node:http';

export interface Noted {
	readonly method: string;
	readonly url: string;
	readonly headers: Readonly<Record<string, string>>;
	readonly body: string;
}

export interface Recorder {
	readonly origin: string;
	readonly noted: Noted[];
	close(): Promise<void>;
}

export async function record(target: string): Promise<Recorder> {
	const noted: Noted[] = [];
	const { hostname, port } = new URL(target);
	const server = createServer((request, response) => {
		const chunks: Buffer[] = [];
		request.on('data', (chunk: Buffer) => chunks.push(chunk));
		request.on('end', () => {
			const body = Buffer.concat(chunks);
			const headers = Object.fromEntries(
				Object.entries(request.headers).map(([name, value]) => [
					name,
					Array.isArray(value) ? value.join(', ') : (value ?? '')
				])
			);
			noted.push({
				method: request.method ?? '',
				url: request.url ?? '',
				headers,
				body: body.toString('utf8')
			});
			const onward = send(
				{
					hostname,
					port,
					method: request.method,
					path: request.url,
					headers: { ...headers, host: `${hostname}:${port}` }
				},
				(answer) => {
					response.writeHead(answer.statusCode ?? 500, answer.headers);
					answer.pipe(response);
				}
			);
			onward.on('error', () => response.destroy());
			onward.end(body);
		});
	});
	await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
	const address = server.address();
	const own = typeof address === 'object' && address !== null ? address.port : 0;
	return {
		origin: `http://127.0.0.1:${own}`,
		noted,
		close: () =>
			new Promise((done) => {
				server.closeAllConnections();
				server.close(() => done());
			})
	};
}
