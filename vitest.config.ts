import { fileURLToPath } from 'node:url';
import { cloudflareTest } from '@cloudflare/vitest-plugin';
import { defineConfig } from 'vitest/config';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
	test: {
		projects: [
			// Unit, contract and fault tests of the portable core: plain Node, no build needed.
			{
				test: {
					name: 'node',
					environment: 'node',
					include: ['src/**/*.test.ts', 'tests/contract/**/*.test.ts', 'tests/faults/**/*.test.ts'],
					testTimeout: 60_000
				}
			},
			// The edge inside workerd, with SvelteKit's handler replaced: no build needed either.
			{
				plugins: [
					cloudflareTest({
						main: './src/workers/edge.ts',
						miniflare: {
							compatibilityDate: '2026-10-15',
							compatibilityFlags: ['nodejs_compat'],
							durableObjects: {
								STREAMS: { className: 'StreamHub', useSQLite: true },
								ROOMS: { className: 'SyncRoom', useSQLite: true },
								MEETINGS: { className: 'MeetingPlace', useSQLite: true },
								BACKUPS: { className: 'BackupBox', useSQLite: true },
								SHARES: { className: 'ShareRoom', useSQLite: true },
								HOME: { className: 'RelayHome', useSQLite: true }
							},
							bindings: {
								CLAIM_CODE: 'the-code-of-the-tests',
								RELAY_SECRET: 'a-secret-of-the-tests-0123456789abcdef'
							},
							ratelimits: { RATE_LIMIT: { namespace_id: '1001', simple: { limit: 30, period: 60 } } }
						}
					})
				],
				resolve: { alias: { '#kit': here('./tests/edge/kit-stub.ts') } },
				test: {
					name: 'workerd',
					include: ['tests/edge/**/*.test.ts'],
					exclude: ['tests/edge/sdk.test.ts', 'tests/edge/hub-kills.test.ts'],
					globalSetup: ['./tests/edge/global-setup.ts'],
					testTimeout: 30_000
				}
			},
			// The official SDKs against the built Worker, served as `npm start` does. Skipped without a build.
			{
				test: {
					name: 'built',
					environment: 'node',
					include: [
						'tests/edge/sdk.test.ts',
						'tests/edge/hub-kills.test.ts',
						...(process.env.WHERRY_DEEP === '1' ? ['tests/deploy/**/*.test.ts'] : [])
					],
					testTimeout: 60_000,
					hookTimeout: 60_000
				}
			}
		]
	}
});
