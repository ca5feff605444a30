/**
 * Fragments of `wrangler.toml` and `.dev.vars` for what a person ticks (OT-98). Keys at the top of a TOML
 * file must stand before its first table, so they come first whatever was ticked.
 */

export const fragmentIds = [
	'hubs',
	'rateLimit',
	'workersAi',
	'gateway',
	'keys',
	'upstreams',
	'origins',
	'domain',
	'logs',
	'secrets'
] as const;
export type FragmentId = (typeof fragmentIds)[number];

interface Fragment {
	/** Before any table. */
	readonly top?: string;
	readonly tables?: string;
	readonly variables?: string;
}

const fragments: Readonly<Record<FragmentId, Fragment>> = {
	hubs: {
		tables: `[[durable_objects.bindings]]
name = "STREAMS"
class_name = "StreamHub"

[[migrations]]
tag = "v1"
new_sqlite_classes = ["StreamHub"]`
	},
	rateLimit: {
		tables: `[[ratelimits]]
name = "RATE_LIMIT"
namespace_id = "1001"
simple = { limit = 30, period = 60 }`,
		variables: 'RELAY_RATE_LIMIT=30'
	},
	workersAi: { tables: `[ai]\nbinding = "AI"` },
	gateway: {
		variables: 'AI_GATEWAY_ACCOUNT=\nAI_GATEWAY_ID=\nAI_GATEWAY_TOKEN='
	},
	keys: { variables: 'ANTHROPIC_API_KEY=\nOPENAI_API_KEY=\nGEMINI_API_KEY=' },
	upstreams: { variables: `RELAY_UPSTREAMS='{"openai":"http://127.0.0.1:11434"}'` },
	origins: { variables: 'RELAY_ALLOWED_ORIGINS=https://app.example.org' },
	domain: { top: 'routes = [{ pattern = "wherry.example.org", custom_domain = true }]' },
	logs: { tables: `[observability]\nenabled = true` },
	secrets: { variables: 'RELAY_SECRET=\nCLAIM_CODE=' }
};

export function writeFragments(chosen: ReadonlySet<FragmentId>): { wrangler: string; devVars: string } {
	const parts = fragmentIds.filter((id) => chosen.has(id)).map((id) => fragments[id]);
	const joined = (pieces: readonly (string | undefined)[], gap: string): string => {
		const some = pieces.filter((piece) => piece !== undefined);
		return some.length === 0 ? '' : `${some.join(gap)}\n`;
	};
	return {
		wrangler: joined([...parts.map(({ top }) => top), ...parts.map(({ tables }) => tables)], '\n\n'),
		devVars: joined(
			parts.map(({ variables }) => variables),
			'\n'
		)
	};
}
