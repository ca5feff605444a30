/// <reference types="@cloudflare/vitest-plugin/types" />

declare namespace Cloudflare {
	interface Env {
		readonly HOME: DurableObjectNamespace;
		readonly RATE_LIMIT: import('../../src/lib/edge/env').RateLimiter;
		readonly SHARES: DurableObjectNamespace;
		readonly BACKUPS: DurableObjectNamespace;
		readonly STREAMS: DurableObjectNamespace;
		readonly ROOMS: DurableObjectNamespace;
		readonly MEETINGS: DurableObjectNamespace;
	}
}
