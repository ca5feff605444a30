/** One structured line a request. No content, no key, no query, no address. */

export interface AuditLine {
	readonly event: 'relay' | 'fetch' | 'mcp' | 'home';
	readonly requestId: string;
	readonly method: string;
	/** Provider id, the host that was fetched, or the id of an MCP server. */
	readonly target: string;
	/** Shape of the path, see `pathShape`. */
	readonly path?: string;
	readonly status: number;
	/** Until the headers were there; the body is not watched. */
	readonly ms: number;
	/** Whose key was used. */
	readonly key?: 'caller' | 'relay' | 'none';
	readonly error?: string;
}

export type Log = (line: string) => void;

/** The Worker's log is its console. */
export const writeLog: Log = (line) => {
	// eslint-disable-next-line no-console -- the one place where the edge writes its log
	console.log(line);
};

export function audit(line: AuditLine, log: Log = writeLog): void {
	log(JSON.stringify(line));
}

/** The path with what looks like an identifier taken out. */
export function pathShape(path: string): string {
	return path
		.split('/')
		.map((segment) =>
			segment.length > 40 || /[0-9a-f]{12,}|_[A-Za-z0-9]{10,}/i.test(segment) ? ':id' : segment
		)
		.join('/')
		.slice(0, 200);
}
