import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { experimental_readRawConfig } from 'wrangler';
import { fragmentIds, writeFragments, type FragmentId } from './fragments';

/** As wrangler itself reads it, below the head of our own wrangler.toml. */
function readByWrangler(fragment: string) {
	const folder = mkdtempSync(join(tmpdir(), 'wherry-fragment-'));
	const config = join(folder, 'wrangler.toml');
	writeFileSync(config, `name = "mine"\nmain = "worker.js"\ncompatibility_date = "2026-10-15"\n${fragment}`);
	const { rawConfig } = experimental_readRawConfig({ config });
	rmSync(folder, { recursive: true });
	return rawConfig;
}

describe('fragments (OT-98)', () => {
	test('whatever is ticked, wrangler reads it', () => {
		for (let bits = 0; bits < 2 ** fragmentIds.length; bits += 37) {
			const chosen = new Set(fragmentIds.filter((_, index) => (bits >> index) & 1));
			const read = readByWrangler(writeFragments(chosen).wrangler);
			expect(read.routes !== undefined).toBe(chosen.has('domain'));
			expect(read.ai !== undefined).toBe(chosen.has('workersAi'));
			expect(read.durable_objects !== undefined).toBe(chosen.has('hubs'));
		}
	});

	test('what it says of bindings is what the project itself has', () => {
		const own = readFileSync('wrangler.toml', 'utf8');
		for (const id of ['hubs', 'rateLimit'] as const)
			for (const line of writeFragments(new Set([id]))
				.wrangler.trim()
				.split('\n'))
				expect(own).toContain(line);
	});

	test('every variable is one that the Worker knows', () => {
		const known = readFileSync('.dev.vars.example', 'utf8');
		const { devVars } = writeFragments(new Set<FragmentId>(fragmentIds));
		const names = [...devVars.matchAll(/^([A-Z_]+)=/gm)].map(([, name]) => name);
		expect(names.length).toBeGreaterThan(8);
		for (const name of names) expect(known).toMatch(new RegExp(`^(?:# )?${name}=`, 'm'));
		expect(writeFragments(new Set())).toEqual({ wrangler: '', devVars: '' });
	});
});
