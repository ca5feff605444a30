/**
 * The MCP servers that a device has named at its relay. A request says only the id of one; its address came from
 * a person, by a request that the device signed (never with a token), so nothing that a model writes can be one.
 */

import { AppError } from '../../wire/errors';
import { hashBody } from '../../wire/proof';
import { covers, mcpServerRequest, type McpServer } from '../../wire/relay';
import type { SqlStorage } from '../hub/sql';
import { checkUrl } from '../ssrf';
import type { Member, Members } from './members';
import type { Registry } from './registry';
import type { Who } from './verbs';

export interface McpServers {
	/** The same address of the same device has the same id. Throws `fetch/url-not-allowed`. */
	add(member: Member, input: unknown, ownHost: string): Promise<McpServer>;
	list(kid: string): McpServer[];
	remove(kid: string, id: string): void;
	/** Undefined where this very device has not named it. */
	address(kid: string, id: string): string | undefined;
	/** What was named at this machine before the claim is the owner's from then on. */
	adopt(kid: string): void;
}

/** Somebody at this very machine while nobody has claimed the relay: no device yet, but a person. */
export const localMember: Member = { kid: 'local', home: 'local', scopes: ['mcp'] };

const maximumServers = 50;

export function createMcpServers(sql: SqlStorage): McpServers {
	sql.exec(
		'CREATE TABLE IF NOT EXISTS mcp_servers (kid TEXT NOT NULL, id TEXT NOT NULL, url TEXT NOT NULL, PRIMARY KEY (kid, id))'
	);
	const list = (kid: string): McpServer[] =>
		[...sql.exec('SELECT id, url FROM mcp_servers WHERE kid = ? ORDER BY url', kid)].map((row) => ({
			id: String(row['id']),
			url: String(row['url'])
		}));
	return {
		async add({ kid, scopes }, input, ownHost) {
			if (!covers(scopes, 'mcp') && !covers(scopes, 'admin')) throw new AppError('relay/scope-missing');
			const asked = mcpServerRequest.safeParse(input);
			if (!asked.success) throw new AppError('input/invalid', { data: { code: 'bad-body' } });
			const verdict = checkUrl(asked.data.url, { ownHosts: [ownHost] });
			if (!verdict.ok) throw new AppError('fetch/url-not-allowed', { data: { code: verdict.reason } });
			const { url } = verdict;
			url.hash = '';
			const id = (await hashBody(`${kid} ${url.href}`)).slice(0, 22);
			const known = list(kid);
			if (known.length >= maximumServers && !known.some((one) => one.id === id))
				throw new AppError('input/invalid', { data: { code: 'too-many' } });
			sql.exec('INSERT OR REPLACE INTO mcp_servers (kid, id, url) VALUES (?, ?, ?)', kid, id, url.href);
			return { id, url: url.href };
		},
		list,
		remove(kid, id) {
			sql.exec('DELETE FROM mcp_servers WHERE kid = ? AND id = ?', kid, id);
		},
		address(kid, id) {
			const [row] = sql.exec('SELECT url FROM mcp_servers WHERE kid = ? AND id = ?', kid, id);
			return row === undefined ? undefined : String(row['url']);
		},
		adopt(kid) {
			sql.exec('UPDATE OR REPLACE mcp_servers SET kid = ? WHERE kid = ?', kid, localMember.kid);
		}
	};
}

export function serverVerbs(
	servers: McpServers,
	{ inPerson, limit, grant }: Pick<Members, 'inPerson' | 'limit'> & Pick<Registry, 'grant'>
) {
	async function enter(who: Who): Promise<Member> {
		const member = await inPerson(who);
		if (!member.scopes.some((scope) => scope === 'admin' || /^mcp(?::|$)/.test(scope)))
			throw new AppError('relay/scope-missing');
		limit('own', member.kid);
		return member;
	}
	return {
		async servers(who: Who) {
			return servers.list((await enter(who)).kid);
		},
		async addServer(who: Who, input: unknown) {
			const member = await enter(who);
			const added = await servers.add(member, input, new URL(who.request.aud).hostname);
			// An owner from before this scope was there.
			if (!covers(member.scopes, 'mcp')) grant(member.kid, `mcp:${added.id}`);
			return added;
		},
		async removeServer(who: Who, input: unknown) {
			servers.remove((await enter(who)).kid, String(input));
			return null;
		}
	};
}
