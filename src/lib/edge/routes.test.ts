import { globSync } from 'node:fs';
import { expect, test } from 'vitest';
import { describeApi } from './openapi.server';
import { edgeRoutes } from './routes';

test('every endpoint under src/routes is declared, and nothing else', () => {
	const files = globSync('src/routes/**/+server.ts').map((file) =>
		file
			.replaceAll('\\', '/')
			.replace(/^src\/routes(.*)\/\+server\.ts$/, '$1')
			.replace(/\[(?:\.\.\.)?(\w+)\]/g, '{$1}')
	);
	expect(files.sort()).toEqual(edgeRoutes.map((route) => route.path).sort());
});

test('the description comes from the schemas that parse', () => {
	const text = JSON.stringify(describeApi());
	expect(text).toContain('"maxLength":2048');
	expect(text).toContain('hasRelayKey');
	expect(text).toContain('"X-Wherry"');
	expect(JSON.parse(text)).toEqual(describeApi());
});
