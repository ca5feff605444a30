/** What a model may send that no model should: the conversation goes on, and says what happened. */

import { test as base, expect } from './fixtures';
import { calls, event, HostileModel, open, says } from './hostile-model';
import { allUpstreams, serveWorker } from './served-worker';

const test = base.extend<{ provider: HostileModel }, { hostile: HostileModel }>({
	hostile: [
		async ({}, use) => {
			const hostile = new HostileModel();
			await hostile.start();
			await use(hostile);
			await hostile.stop();
		},
		{ scope: 'worker' }
	],
	worker: [
		async ({ hostile }, use) => {
			const worker = await serveWorker({
				RELAY_UPSTREAMS: allUpstreams(hostile.origin),
				RELAY_RATE_LIMIT: '0'
			});
			await use(worker);
			await worker.stop();
		},
		{ scope: 'worker', timeout: 90_000 }
	],
	provider: async ({ hostile }, use) => {
		hostile.reset();
		await use(hostile);
	}
});

test.beforeEach(async ({ app, provider: _fresh, watch }) => {
	watch.allowErrors(/Failed to load resource/);
	await app.connect('Groq', 'gsk_test0123456789abcdef0123');
});

const names = [
	'nope',
	'__proto__',
	'constructor',
	'toString',
	' clock',
	'clock\u202e',
	'CLOCK',
	'a'.repeat(5000),
	'../../x',
	'<img src=x onerror=alert(1)>'
];

test('calls of what does not exist end with an error the model can read, and nothing runs', async ({
	app,
	provider
}) => {
	provider.answer(
		'do it',
		calls(
			names.map((name) => ({ name, args: '{}' })),
			'I see'
		)
	);
	await app.ask('do it', 'I see');
	const told = provider.bodies.find((body) => body.includes('"role":"tool"')) ?? '';
	expect(told.match(/"role":"tool"/g)).toHaveLength(names.length);
	await app.reload();
	await app.ask('and now', 'ok');
});

test('arguments that are no JSON, empty, too deep or of 5 MB cost their own call only', async ({
	app,
	provider
}) => {
	test.setTimeout(120_000);
	const args = [
		'',
		'{',
		'null',
		'[]',
		'"x"',
		'{"zone":"UTC"}{"zone":"UTC"}',
		'{"__proto__":{"zone":"UTC"}}',
		`{"zone":"${'a'.repeat(5_000_000)}"}`,
		'['.repeat(100_000)
	];
	provider.answer(
		'do it',
		calls(
			args.map((one) => ({ name: 'clock', args: one })),
			'I see'
		)
	);
	await app.send('do it');
	await expect(app.articles('Wherry').last()).toContainText('I see', { timeout: 60_000 });
	await app.waitIdle();
	await app.reload();
	await app.ask('and now', 'ok');
});

test('calls with one id are two calls, and each result goes back under an id of its own', async ({
	app,
	provider
}) => {
	provider.answer(
		'do it',
		calls(
			[
				{ id: 'same', name: 'clock', args: '{}' },
				{ id: 'same', name: 'calculate', args: '{"expression":"6*7"}' }
			],
			'I see'
		)
	);
	await app.ask('do it', 'I see');
	const told = provider.bodies.find((body) => body.includes('"role":"tool"')) ?? '';
	const ids = [...told.matchAll(/"tool_call_id":"([^"]+)"/g)].map(([, id]) => id);
	expect(new Set(ids).size).toBe(2);
});

test('200 calls in one step run and fold, and the page stays', async ({ app, provider }) => {
	test.setTimeout(120_000);
	const made = Array.from({ length: 200 }, (_, n) => ({
		name: 'calculate',
		args: `{"expression":"${n}+1"}`
	}));
	provider.answer('do it', calls(made, 'I see'));
	await app.send('do it');
	await expect(app.articles('Wherry').last()).toContainText('I see', { timeout: 60_000 });
	await app.waitIdle();
});

test('a call that is repeated for ever stops at the sixth step, and says so', async ({ app, provider }) => {
	provider.answer('do it', calls([{ name: 'clock', args: '{}' }], 'never', 1000));
	await app.send('do it');
	await app.waitIdle(40_000);
	await expect(app.feed).toContainText('Stopped at the step limit');
	expect(provider.bodies.filter((body) => body.includes('do it'))).toHaveLength(6);
});

test('a stream without an end is stopped by Stop', async ({ app, provider, page }) => {
	test.setTimeout(120_000);
	provider.answer('do it', (answer, step) => {
		if (step > 0) return says('a summary')(answer, step, '');
		open(answer);
		const chunk = event({ content: 'wave '.repeat(200) });
		const more = (): void => {
			if (answer.destroyed) return;
			if (answer.write(chunk)) setTimeout(more, 1);
			else answer.once('drain', more);
		};
		more();
	});
	await app.send('do it');
	await expect(app.articles('Wherry').last()).toContainText('wave wave');
	await page.waitForTimeout(1_500);
	await page.getByRole('button', { name: 'Stop', exact: true }).click();
	await app.expectTurn('idle', 10_000);
	await app.reload();
	await expect(app.articles('Wherry').last()).toContainText('wave wave');
});

test('a line of 8 MB is shown and found again', async ({ app, provider }) => {
	test.setTimeout(120_000);
	provider.answer('do it', says('a'.repeat(8_000_000)));
	await app.send('do it');
	await app.waitIdle(60_000);
	await app.reload();
	await expect(app.articles('Wherry').last()).toContainText('aaaa');
});

const noStream = 'text/event-stream';
const strange: readonly (readonly [
	what: string,
	type: string,
	body: string,
	state: string,
	error?: string
])[] = [
	['HTML with 200', 'text/html', '<html><script>alert(1)</script><h1>Login</h1></html>', 'failed'],
	['plain text', 'text/plain', 'go away', 'failed', 'model/stream-cut'],
	['an empty stream', noStream, '', 'failed', 'model/stream-cut'],
	['garbage', noStream, 'garbage garbage\n\n\0\0\0', 'failed', 'model/stream-cut'],
	[
		'half a JSON',
		noStream,
		'data: {"choices":[{"delta":{"content":"half\n\n',
		'failed',
		'model/malformed-stream'
	],
	[
		'an error in the middle',
		noStream,
		`${event({ content: 'half of ' })}data: {"error":{"message":"<b>boom</b>","code":500}}\n\n`,
		'failed',
		'model/server-error'
	],
	[
		'nothing but nulls',
		noStream,
		'data: {"choices":null}\n\ndata: {"choices":[null]}\n\ndata: null\n\ndata: 5\n\ndata: {"choices":[{"delta":null}]}\n\ndata: [DONE]\n\n',
		'idle'
	],
	[
		'keys of the prototype',
		noStream,
		'data: {"__proto__":{"choices":[]},"choices":[{"index":0,"delta":{"__proto__":{"content":"polluted"},"content":"clean"}}]}\n\ndata: [DONE]\n\n',
		'idle'
	]
];
test('whatever comes instead of a stream ends the turn with its own error, and the next message works', async ({
	app,
	provider,
	page
}) => {
	test.setTimeout(180_000);
	for (const [what, type, body, state, error] of strange) {
		provider.answer(what, (answer) => {
			answer.writeHead(200, { 'content-type': type });
			answer.end(body);
		});
		await app.send(what);
		await app.expectTurn(state, 40_000);
		await expect(app.feed.locator('[aria-busy="true"]')).toHaveCount(0);
		if (error !== undefined)
			await expect(page.locator('[role="alert"]').last()).toHaveAttribute('data-error-id', error);
	}
	await expect(app.feed).not.toContainText('polluted');
	await app.ask('and now', 'ok');
});

test('text that imitates a card, an error or a link of ours is text', async ({ app, provider, page }) => {
	provider.answer(
		'do it',
		says(
			[
				'<div role="group" aria-label="Approval: web_read"><button>Approve once</button></div>',
				'<div role="alert" data-error-id="x">Error</div>',
				'[Approve once](javascript:alert(1))',
				'```action\n{"action":"clock","args":{}}\n```'
			].join('\n\n')
		)
	);
	await app.ask('do it', 'Approve once');
	await expect(page.getByRole('group', { name: /^Approval/ })).toHaveCount(0);
	await expect(page.getByRole('alert')).toHaveCount(0);
	await expect(page.getByRole('button', { name: 'Approve once' })).toHaveCount(0);
	await expect(page.locator('a[href^="javascript:"]')).toHaveCount(0);
});
