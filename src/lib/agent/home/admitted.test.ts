import { expect, test } from 'vitest';
import { isForRelay } from './admitted';

test('a device says who it is where the relay asks, and to nobody else', () => {
	const origin = 'https://relay.example';
	const place = 'p'.repeat(22);
	const asked = ['relay/openai/v1/models', 'mcp-relay/x', `backups/${place}`, 'fetch', 'shares'];
	for (const path of [...asked, `pair/${place}/recovery`])
		expect(isForRelay(`${origin}/api/${path}`, origin), path).toBe(true);
	const open = [
		`shares/${place}`,
		`shares/${place}/state`,
		`pair/${place}/ask`,
		`streams/${place}`,
		'health'
	];
	for (const path of open) expect(isForRelay(`${origin}/api/${path}`, origin), path).toBe(false);
	expect(isForRelay('https://elsewhere.example/api/shares', origin)).toBe(false);
});
