/**
 * A local stand-in of Cloudflare's API, as much as a deployment needs: the real wrangler talks to it. It
 * keeps what it is given, so that a test can look at the account afterwards.
 */

import { createServer, type IncomingMessage, type Server } from 'node:http';
import { once } from 'node:events';
import { randomUUID } from 'node:crypto';

const accountId = '0123456789abcdef0123456789abcdef';

export interface StoredWorker {
	readonly secrets: Map<string, string>;
	/** Newest last. */
	readonly versions: { id: string; metadata: { bindings?: readonly unknown[]; migrations?: unknown } }[];
	current: string;
	migrationTag: string | undefined;
}

export interface CloudflareApi {
	readonly origin: string;
	readonly accountId: string;
	readonly token: string;
	readonly workers: Map<string, StoredWorker>;
	readonly buckets: Set<string>;
	/** `METHOD /path` of each request, in order. */
	readonly asked: string[];
	/** The account's workers.dev name; undefined: none yet. */
	subdomain: string | undefined;
	/** Accounts that the token reaches. */
	accounts: { id: string; name: string }[];
	/** What the token may not do. */
	forbidden: RegExp | undefined;
	close(): Promise<void>;
}

type Answer = { result: unknown; status?: number } | { code: number; message: string; status: number };

export async function startCloudflareApi(): Promise<CloudflareApi> {
	const server = createServer((request, response) => {
		void readBody(request).then((body) => {
			const url = new URL(request.url ?? '/', 'http://api');
			const path = url.pathname.replace('/client/v4', '');
			api.asked.push(`${request.method} ${path}`);
			const given = answer(api, request, path, body);
			const isFine = 'result' in given;
			response.writeHead(given.status ?? 200, { 'content-type': 'application/json' });
			response.end(
				JSON.stringify({
					success: isFine,
					errors: isFine ? [] : [{ code: given.code, message: given.message }],
					messages: [],
					result: isFine ? given.result : null,
					...(isFine && Array.isArray(given.result) ? { result_info: pageInfo(given.result.length) } : {})
				})
			);
		});
	});
	server.listen(0, '127.0.0.1');
	await once(server, 'listening');
	const api: CloudflareApi = {
		origin: `${originOf(server)}/client/v4`,
		accountId,
		token: 'test-token-0123456789abcdef0123456789abcdef',
		workers: new Map(),
		buckets: new Set(),
		asked: [],
		subdomain: 'somebody',
		accounts: [{ id: accountId, name: 'Somebody’s account' }],
		forbidden: undefined,
		async close() {
			server.closeAllConnections();
			server.close();
			await once(server, 'close');
		}
	};
	return api;
}

function answer(api: CloudflareApi, request: IncomingMessage, path: string, body: Buffer): Answer {
	const { method = 'GET', headers } = request;
	const isUpload = path.includes('/workers/assets/upload');
	if (!isUpload && headers.authorization !== `Bearer ${api.token}`)
		return { code: 1000, message: 'Invalid API Token', status: 401 };
	if (api.forbidden?.test(`${method} ${path}`) === true)
		return { code: 10000, message: 'Authentication error', status: 403 };
	if (path === '/user/tokens/verify') return { result: { id: 'token', status: 'active' } };
	if (path === '/user') return { result: { id: 'user', email: 'somebody@example.org' } };
	if (path === '/accounts') return { result: api.accounts };
	if (path === '/memberships')
		return { result: api.accounts.map((account) => ({ id: account.id, account })) };
	const own = path.replace(`/accounts/${accountId}`, '');
	if (own === '/workers/subdomain')
		return api.subdomain === undefined
			? { code: 10007, message: 'There is no subdomain', status: 404 }
			: { result: { subdomain: api.subdomain } };
	if (own.startsWith('/r2/buckets')) return bucket(api, method, own, body);
	if (isUpload) return { result: { jwt: 'done' }, status: 201 };
	const [, name = '', rest = ''] = /^\/workers\/(?:scripts|services|workers)\/([^/]+)(.*)$/.exec(own) ?? [];
	return name === '' ? unknown(own) : script(api, { method, name, rest, body, headers });
}

function script(
	api: CloudflareApi,
	ask: { method: string; name: string; rest: string; body: Buffer; headers: IncomingMessage['headers'] }
): Answer {
	const { method, name, rest, body } = ask;
	if (rest === '/assets-upload-session') return { result: { jwt: 'done', buckets: [] } };
	const worker = api.workers.get(name);
	const isVersion = method === 'POST' && rest === '/versions';
	if (isVersion || (method === 'PUT' && rest === ''))
		return upload(api, name, {
			type: ask.headers['content-type'] ?? '',
			body,
			isLive: !isVersion
		});
	if (worker === undefined)
		return { code: 10007, message: 'This Worker does not exist on your account.', status: 404 };
	const deployments = [
		{
			id: randomUUID(),
			source: 'wrangler',
			strategy: 'percentage',
			author_email: 'somebody@example.org',
			created_on: new Date().toISOString(),
			versions: [{ version_id: worker.current, percentage: 100 }]
		}
	];
	if (rest === '/secrets' && method === 'GET')
		return { result: [...worker.secrets.keys()].map((one) => ({ name: one, type: 'secret_text' })) };
	if (rest === '/subdomain') return { result: { enabled: true, previews_enabled: false } };
	if (rest === '/deployments' && method === 'GET') return { result: { deployments } };
	if (rest === '/deployments') {
		const { versions } = JSON.parse(body.toString()) as { versions: { version_id: string }[] };
		worker.current = versions[0]?.version_id ?? worker.current;
		return { result: { id: randomUUID() } };
	}
	const version = worker.versions.find(({ id }) => rest === `/versions/${id}`);
	if (version !== undefined) return { result: describeVersion(version) };
	if (rest === '')
		return {
			result: {
				id: name,
				name,
				subdomain: { enabled: true, previews_enabled: false },
				default_environment: { environment: 'production', script: scriptInfo(name, worker) }
			}
		};
	if (rest === '/script-settings' || rest === '/settings')
		return { result: { tags: [], bindings: worker.versions.at(-1)?.metadata.bindings ?? [] } };
	if (rest === '/environments/production') return { result: { script: scriptInfo(name, worker) } };
	return unknown(rest);
}

const describeVersion = ({ id, metadata }: StoredWorker['versions'][number]) => ({
	id,
	number: 1,
	startup_time_ms: 5,
	metadata: { created_on: new Date().toISOString(), source: 'wrangler', author_email: 's@example.org' },
	annotations: {},
	resources: {
		bindings: metadata.bindings ?? [],
		script: { etag: id, handlers: ['fetch'] },
		script_runtime: {}
	}
});

const scriptInfo = (name: string, worker: StoredWorker) => ({
	id: name,
	tag: `tag-${name}`,
	last_deployed_from: 'wrangler',
	migration_tag: worker.migrationTag
});

/** A multipart body: the part `metadata` says what the rest is. */
function upload(
	api: CloudflareApi,
	name: string,
	{ type, body, isLive }: { type: string; body: Buffer; isLive: boolean }
): Answer {
	const boundary = /boundary="?([^";]+)/.exec(type)?.[1] ?? '';
	const part = body
		.toString('latin1')
		.split(`--${boundary}`)
		.find((one) => /name="metadata"/.test(one));
	const metadata = JSON.parse(part?.slice(part.indexOf('\r\n\r\n')).trim() ?? '{}') as {
		bindings?: { type: string; name: string; text?: string }[];
		migrations?: { new_tag?: string };
	};
	const worker: StoredWorker = api.workers.get(name) ?? {
		secrets: new Map(),
		versions: [],
		current: '',
		migrationTag: undefined
	};
	for (const one of metadata.bindings ?? [])
		if (one.type === 'secret_text') worker.secrets.set(one.name, one.text ?? '');
	const id = randomUUID();
	worker.versions.push({ id, metadata });
	if (isLive) worker.current = id;
	worker.migrationTag = metadata.migrations?.new_tag ?? worker.migrationTag;
	api.workers.set(name, worker);
	if (!isLive) return { result: describeVersion({ id, metadata }) };
	const now = new Date().toISOString();
	return {
		result: {
			...scriptInfo(name, worker),
			etag: id,
			deployment_id: id,
			startup_time_ms: 5,
			created_on: now,
			modified_on: now,
			available_on_subdomain: true,
			entry_point: 'worker.js'
		}
	};
}

function bucket(api: CloudflareApi, method: string, path: string, body: Buffer): Answer {
	if (method === 'POST') {
		const { name } = JSON.parse(body.toString()) as { name: string };
		api.buckets.add(name);
		return { result: { name } };
	}
	const name = path.split('/')[3] ?? '';
	return api.buckets.has(name)
		? {
				result: { name, creation_date: new Date().toISOString(), location: 'WEUR', storage_class: 'Standard' }
			}
		: { code: 10006, message: 'The specified bucket does not exist.', status: 404 };
}

const unknown = (path: string): Answer => ({
	code: 7003,
	message: `Could not route to ${path}`,
	status: 404
});
const pageInfo = (count: number) => ({ page: 1, per_page: 50, total_pages: 1, count, total_count: count });

async function readBody(request: IncomingMessage): Promise<Buffer> {
	const pieces: Buffer[] = [];
	for await (const piece of request) pieces.push(piece as Buffer);
	return Buffer.concat(pieces);
}

function originOf(server: Server): string {
	const address = server.address();
	return `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
}
