import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Entry, Part } from '../../../wire/entries';
import { userLabels } from '../../../wire/labels';
import { isEntry, readSessionRecord } from '../read-record';
import type { SessionRecord } from '../records';
import { exportSessionHtml } from './export-html';
import { exportAllJsonl, exportSessionJsonl } from './export-jsonl';
import type { ExportedSession } from './export-jsonl';
import { importFile } from './import-file';
import type { ImportedSession } from './imported';

const seed = Number(process.env['SEED'] ?? Math.floor(Math.random() * 2 ** 31));

let count = 0;
const services = {
	ids: { next: () => `019a0000-0000-7000-8000-${String(++count).padStart(12, '0')}` },
	clock: { now: () => 5000, sleep: async () => {} },
	device: { id: 'here' },
	lam: 10
};
const load = async (name: string, value: unknown) =>
	importFile({ name, text: typeof value === 'string' ? value : JSON.stringify(value) }, services);

function record(id: string, facts: Record<string, unknown>): SessionRecord {
	const registers = Object.fromEntries(
		Object.entries(facts).map(([name, value]) => [name, { value, lam: 1, dev: 'd' }])
	);
	return (
		readSessionRecord({ id, v: 1, createdAt: 1000, temporary: false, registers }) ?? {
			id,
			v: 1,
			createdAt: 0,
			temporary: false,
			registers: {}
		}
	);
}
function entry(
	id: string,
	parentId: string | null,
	parts: readonly Part[],
	kind: Entry['kind'] = 'user'
): Entry {
	return {
		id,
		sessionId: 's',
		parentId,
		turnId: 't1',
		v: 1,
		kind,
		author: { device: 'd', principal: 'user' },
		parts,
		labels: userLabels,
		lam: 1,
		at: 100
	};
}

/** A tree as nested plain data, ids gone: what must be the same before and after. */
function shape(entries: readonly Entry[], head: string | null | undefined): unknown {
	const place = new Map(entries.map((one, i) => [one.id, i]));
	const paths = new Map<string, string>();
	const siblings = new Map<string | null, number>();
	for (const one of entries) {
		const number = siblings.get(one.parentId) ?? 0;
		siblings.set(one.parentId, number + 1);
		paths.set(one.id, `${one.parentId === null ? '' : (paths.get(one.parentId) ?? '?')}/${number}`);
	}
	expect(place.size).toBe(entries.length);
	return {
		entries: Object.fromEntries(
			entries.map((one) => [
				paths.get(one.id),
				{
					kind: one.kind,
					parts: one.parts,
					at: one.at,
					response: one.response ?? null,
					covers: one.covers === undefined ? null : paths.get(one.covers.upTo)
				}
			])
		),
		head: paths.get(head ?? '')
	};
}
function check(session: ImportedSession | undefined, source: string): asserts session is ImportedSession {
	if (session === undefined) throw new Error('no session');
	const seen = new Set<string | null>([null]);
	for (const one of session.entries) {
		expect(isEntry(one)).toBe(true);
		expect(one.labels).toMatchObject({ integrity: 'untrusted', private: true });
		expect(one.labels.sources).toContain(`import:${source}`);
		expect(one.sessionId).toBe(session.record.id);
		expect(seen.has(one.parentId)).toBe(true);
		seen.add(one.id);
	}
	expect(readSessionRecord(session.record)).toEqual(session.record);
	expect(seen.has(session.record.registers.head?.value ?? 'none')).toBe(true);
}
/** The branch that is shown, as short lines. */
function shown(session: ImportedSession): string[] {
	const byId = new Map(session.entries.map((one) => [one.id, one]));
	const lines: string[] = [];
	for (
		let at = byId.get(session.record.registers.head?.value ?? '');
		at !== undefined;
		at = byId.get(at.parentId ?? '')
	)
		lines.push(`${at.kind}: ${at.parts.map(line).join(' + ')}`);
	return lines.reverse();
}
const line = (part: Part): string => {
	switch (part.type) {
		case 'text':
			return part.text;
		case 'reasoning':
			return `(${part.text})`;
		case 'call':
			return `${part.action}#${part.callId} ${JSON.stringify(part.args)}`;
		case 'result':
			return `#${part.callId} ${part.status} ${JSON.stringify(part.output)}`;
		default:
			return part.type;
	}
};

const hostileText = fc.oneof(
	fc.string(),
	fc.constantFrom(
		'</script><script>alert(1)</script>',
		'<!--',
		'\u2028',
		']]>',
		'```\n<b>\n```',
		'\u202eabc',
		'__proto__',
		'&amp;',
		'\r\n',
		'日本語 😀'
	)
);
const part: fc.Arbitrary<Part> = fc.oneof(
	fc.record({ type: fc.constant('text' as const), text: hostileText }),
	fc.record({
		type: fc.constant('reasoning' as const),
		text: hostileText,
		extras: fc.constant({ anthropic: { signature: 'abc' } })
	}),
	fc.record({ type: fc.constant('refusal' as const), text: hostileText }),
	fc.record({
		type: fc.constant('call' as const),
		callId: fc.constant('c1'),
		action: fc.constant('clock'),
		args: fc.record({ a: hostileText, b: fc.integer() }),
		via: fc.constant('native' as const)
	}),
	fc.record({
		type: fc.constant('result' as const),
		callId: fc.constant('c1'),
		action: fc.constant('clock'),
		status: fc.constant('ok' as const),
		output: hostileText,
		startedAt: fc.nat(),
		durationMs: fc.nat()
	}),
	fc.record({
		type: fc.constant('provider' as const),
		provider: fc.constant('x'),
		gist: hostileText,
		raw: fc.record({ deep: fc.array(hostileText) })
	})
);
const session: fc.Arbitrary<ExportedSession> = fc
	.array(
		fc.record({
			parent: fc.nat(),
			parts: fc.array(part, { maxLength: 3 }),
			kind: fc.constantFrom('user', 'assistant', 'result', 'summary', 'note')
		}),
		{ minLength: 1, maxLength: 25 }
	)
	.chain((nodes) =>
		fc.record({ nodes: fc.constant(nodes), head: fc.nat(nodes.length - 1), title: hostileText })
	)
	.map(({ nodes, head, title }) => {
		// Depth first, as an export of a tree is; ids carry no meaning.
		const parents = nodes.map((node, i) => (i === 0 ? null : `e${node.parent % i}`));
		const entries = nodes.map((node, i) =>
			entry(`e${i}`, parents[i] ?? null, node.parts, node.kind as Entry['kind'])
		);
		return { record: record('s', { title, head: `e${head}`, mode: 'auto' }), entries };
	});

describe('export and import', () => {
	it('brings back the same tree, texts and parts through JSON Lines and through HTML (CT-28)', async () => {
		console.log(`interchange seed ${seed}`);
		await fc.assert(
			fc.asyncProperty(session, async (exported) => {
				const before = shape([...exported.entries], exported.record.registers.head?.value);
				for (const text of [
					exportSessionJsonl(exported, 1),
					exportSessionHtml(exported, 1),
					await exportAllJsonl([exported], 1)
				]) {
					const { sessions, skipped } = await load('x', text);
					expect(skipped).toEqual([]);
					const [back] = sessions;
					check(back, 'wherry');
					expect(shape(back.entries, back.record.registers.head?.value)).toEqual(before);
					expect(back.record.registers.mode).toBeUndefined();
				}
			}),
			{ seed, numRuns: 150 }
		);
	});

	it('writes HTML without script, with a strict policy, in which nothing of the session is markup', async () => {
		fc.assert(
			fc.property(session, (exported) => {
				const html = exportSessionHtml(exported, 1);
				expect(html).toContain(`content="default-src 'none'; style-src 'unsafe-inline'; img-src data:"`);
				expect(html.match(/<script/g)).toHaveLength(1);
				expect(html.match(/<\/script/g)).toHaveLength(1);
				expect(html).toContain('<script type="application/x-ndjson" id="wherry-export">');
				const visible = html.slice(html.indexOf('<main>'), html.indexOf('<script'));
				expect(
					visible.replace(
						/<\/?(main|article|h2|small|time|p|pre|code|details|summary|div|footer|figure|figcaption)( (class|dir|datetime)="[\w:.+-]*")*>/g,
						''
					)
				).not.toMatch(/[<>]/);
			}),
			{ seed, numRuns: 100 }
		);
	});

	it('carries files whose bytes have their hash, and names those that do not', async () => {
		const bytes = new TextEncoder().encode('hello');
		const sha256 = '2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824';
		const file: Part = { type: 'file', blob: sha256, name: 'a.png', mediaType: 'image/png', size: 5 };
		const exported = {
			record: record('s', {}),
			entries: [entry('e1', null, [file])],
			blobs: [{ sha256, mediaType: 'image/png', bytes }]
		};
		const good = await load('x', exportSessionHtml(exported, 1));
		expect(good.sessions[0]?.blobs).toEqual([{ sha256, mediaType: 'image/png', bytes }]);
		const bad = await load(
			'x',
			exportSessionJsonl({ ...exported, blobs: [{ sha256: '00', mediaType: 'image/png', bytes }] }, 1)
		);
		expect(bad.sessions[0]?.blobs).toEqual([]);
		expect(bad.skipped).toEqual(['session 1, line 4: a file that is damaged']);
	});

	it('takes away keys of effects and undo, and gives a fork what it continues', async () => {
		const result: Part = {
			type: 'result',
			callId: 'c',
			action: 'a',
			status: 'ok',
			output: 1,
			startedAt: 1,
			durationMs: 1,
			effectKey: 'k',
			undo: { label: 'Undo' }
		};
		const origin = {
			record: record('s', {}),
			entries: [entry('e1', null, [{ type: 'text', text: 'one' }]), entry('e2', 'e1', [result], 'result')]
		};
		const fork = {
			record: { ...record('f', { head: 'e3' }), origin: { sessionId: 's', entryId: 'e2' } },
			entries: [{ ...entry('e3', 'e2', [{ type: 'text', text: 'two' }]), sessionId: 'f' }]
		};
		const { sessions } = await load('x', await exportAllJsonl([origin, fork], 1));
		expect(sessions).toHaveLength(2);
		const [, back] = sessions;
		check(back, 'wherry');
		expect(shown(back)).toEqual(['user: one', 'result: #c ok 1', 'user: two']);
		expect(back.record.origin).toBeUndefined();
		expect(JSON.stringify(sessions)).not.toContain('effectKey');
		expect(JSON.stringify(sessions)).not.toContain('"undo"');
	});

	it('skips and names damaged lines and entries, closing the gap they leave', async () => {
		const text = exportSessionJsonl(
			{
				record: record('s', { title: 'T' }),
				entries: [
					entry('a', null, [{ type: 'text', text: '1' }]),
					entry('b', 'a', []),
					entry('c', 'b', [{ type: 'text', text: '3' }])
				]
			},
			1
		);
		const damaged = text
			.replace('"kind":"user","author"', '"kind":"user","author"')
			.split('\n')
			.map((one) => (one.includes('"id":"b"') ? one.replace('"kind":"user"', '"kind":"???"') : one));
		damaged.splice(3, 0, '{broken');
		const { sessions, skipped } = await load('x', damaged.join('\n'));
		expect(skipped).toEqual(['"T", line 4: not readable', '"T", line 5: a message that is not readable']);
		const [back] = sessions;
		check(back, 'wherry');
		expect(shown(back)).toEqual(['user: 1', 'user: 3']);
	});

	it('exports and imports a chain of 100,000 entries', async () => {
		const entries = Array.from({ length: 100_000 }, (_, i) =>
			entry(`e${i}`, i === 0 ? null : `e${i - 1}`, [{ type: 'text', text: `message ${i}` }])
		);
		const { sessions } = await load(
			'x',
			exportSessionHtml({ record: record('s', { head: 'e99999' }), entries }, 1)
		);
		expect(sessions[0]?.entries).toHaveLength(100_000);
	});

	it('names a file that is none of these', async () => {
		for (const text of ['', 'hello', '{"a":1}', '[1,2]', '<html></html>', 'null', '[]'.repeat(3)]) {
			await expect(load('x.txt', text)).rejects.toMatchObject({ id: 'import/unreadable' });
		}
	});

	it('survives any JSON in the place of any value', async () => {
		const anything = fc.jsonValue({ maxDepth: 3 });
		await fc.assert(
			fc.asyncProperty(anything, anything, anything, async (a, b, c) => {
				for (const value of [
					[
						{
							title: a,
							mapping: { x: { parent: b, message: { author: { role: 'user' }, content: c } }, y: a }
						}
					],
					[
						{
							name: a,
							chat_messages: [
								{
									uuid: b,
									sender: 'assistant',
									content: [{ type: 'tool_use', id: c }, { type: 'tool_result', content: a }, b]
								},
								c
							]
						}
					],
					[
						{
							chat: {
								history: {
									messages: { x: { role: 'assistant', content: a, parentId: b }, y: c },
									currentId: a
								}
							}
						}
					],
					{
						version: 7,
						exportType: 'all',
						state: { messages: [{ role: 'assistant', tools: [a], content: b, parentId: c }, a], topics: b }
					}
				])
					await load('x', value);
			}),
			{ seed, numRuns: 200 }
		);
	});
});

describe('import of other programs', () => {
	it('reads ChatGPT: branches, calls with results, thoughts, hidden nodes and the shown branch', async () => {
		const message = (role: string, content: unknown, more: object = {}) => ({
			author: { role },
			content,
			create_time: 1_700_000_000.5,
			metadata: {},
			recipient: 'all',
			...more
		});
		const text = (...parts: unknown[]) => ({ content_type: 'text', parts });
		const { sessions, skipped } = await load('conversations.json', [
			{
				title: 'Tea',
				create_time: 1_700_000_000,
				update_time: 1_700_000_100,
				current_node: 'a3',
				mapping: {
					root: { id: 'root', message: null, parent: null, children: ['sys'] },
					sys: {
						message: message('system', text(''), {
							metadata: { is_visually_hidden_from_conversation: true }
						}),
						parent: 'root',
						children: ['u1', 'u1b']
					},
					u1b: { message: message('user', text('Coffee?')), parent: 'sys', children: [] },
					u1: {
						message: message('user', {
							content_type: 'multimodal_text',
							parts: [{ content_type: 'image_asset_pointer' }, 'What is this?']
						}),
						parent: 'sys',
						children: ['th']
					},
					th: {
						message: message('assistant', {
							content_type: 'thoughts',
							thoughts: [{ summary: 'Look', content: 'It is tea.' }]
						}),
						parent: 'u1',
						children: ['a1']
					},
					a1: {
						message: message(
							'assistant',
							{ content_type: 'code', language: 'python', text: '1+1' },
							{ recipient: 'python', metadata: { model_slug: 'gpt-4o' } }
						),
						parent: 'th',
						children: ['t1']
					},
					t1: {
						message: message('tool', { content_type: 'execution_output', text: '2' }),
						parent: 'a1',
						children: ['a2', 'a3']
					},
					a2: { message: message('assistant', text('Two cups.')), parent: 't1', children: [] },
					a3: { message: message('assistant', text('Two pots.')), parent: 't1', children: [] },
					loop: { message: message('user', text('me')), parent: 'loop', children: ['loop'] }
				}
			},
			{ mapping: {} },
			'broken'
		]);
		const [tea] = sessions;
		check(tea, 'chatgpt');
		expect(sessions).toHaveLength(1);
		expect(shown(tea)).toEqual([
			'user: [image, not in the export]\nWhat is this?',
			'assistant: (Look\nIt is tea.) + python#a1 {"input":"1+1"}',
			'result: #a1 ok "2"',
			'assistant: Two pots.'
		]);
		expect(tea.entries.map((one) => one.parts.map(line).join())).toContain('Coffee?');
		expect(tea.record.registers.title?.value).toBe('Tea');
		expect(tea.record.createdAt).toBe(1_700_000_000_000);
		expect(tea.entries.find((one) => one.response)?.response?.model).toEqual({
			provider: 'openai',
			model: 'gpt-4o'
		});
		expect(skipped).toContain('conversation 3: not readable');
	});

	it('reads Claude: rounds of calls inside one message, attachments, branches', async () => {
		const root = '00000000-0000-4000-8000-000000000000';
		const { sessions } = await load('conversations.json', [
			{
				uuid: 'c',
				name: 'Plans',
				created_at: '2026-01-02T03:04:05.000Z',
				updated_at: '2026-01-02T04:00:00Z',
				current_leaf_message_uuid: 'a1',
				chat_messages: [
					{
						uuid: 'u1',
						sender: 'human',
						text: '',
						content: [{ type: 'text', text: 'Plan it' }],
						attachments: [{ file_name: 'notes.txt', extracted_content: 'buy tea' }],
						created_at: '2026-01-02T03:04:05Z',
						parent_message_uuid: root
					},
					{
						uuid: 'a1',
						sender: 'assistant',
						parent_message_uuid: 'u1',
						created_at: '2026-01-02T03:04:06Z',
						content: [
							{ type: 'thinking', thinking: 'Search first.' },
							{ type: 'text', text: 'I look.' },
							{ type: 'tool_use', id: 't1', name: 'web_search', input: { q: 'tea' } },
							{ type: 'tool_use', id: 't2', name: 'web_search', input: { q: 'pot' } },
							{ type: 'tool_result', tool_use_id: 't2', content: [{ type: 'text', text: 'pot!' }] },
							{ type: 'tool_result', tool_use_id: 't1', content: 'tea!', is_error: true },
							{ type: 'text', text: 'Done.' }
						]
					},
					{ uuid: 'a1b', sender: 'assistant', parent_message_uuid: 'u1', text: 'Another way.', content: [] }
				]
			}
		]);
		const [plans] = sessions;
		check(plans, 'claude');
		expect(shown(plans)).toEqual([
			'user: Plan it + [attached: notes.txt]\nbuy tea',
			'assistant: (Search first.) + I look. + web_search#t1 {"q":"tea"} + web_search#t2 {"q":"pot"}',
			'result: #t2 ok "pot!"',
			'result: #t1 error "tea!"',
			'assistant: Done.'
		]);
		expect(plans.entries.at(-1)?.parts).toEqual([{ type: 'text', text: 'Another way.' }]);
		expect(plans.entries.at(-1)?.parentId).toBe(plans.entries[0]?.id);
	});

	it('reads Open WebUI: the tree, its current branch, reasoning and calls inside the text', async () => {
		const { sessions } = await load('export.json', [
			{
				id: 'x',
				title: 'Math',
				created_at: 1_700_000_000,
				updated_at: 1_700_000_050,
				pinned: true,
				meta: { tags: ['school'] },
				chat: {
					history: {
						currentId: 'a',
						messages: {
							a: {
								id: 'a',
								parentId: 'u',
								childrenIds: ['u2'],
								role: 'assistant',
								model: 'llama3',
								timestamp: 1_700_000_001,
								content:
									'<details type="reasoning" done="true" duration="1">\n<summary>Thought</summary>\n> Add\n> them.\n</details>\n<details type="tool_calls" done="true" id="call_1" name="add" arguments="&quot;{\\&quot;a\\&quot;: 1}&quot;" result="&quot;2&quot;">\n<summary>Tool</summary>\n</details>\nIt is 2. <details type="x"'
							},
							u: {
								id: 'u',
								parentId: null,
								role: 'user',
								content: '1+1?',
								timestamp: 1_700_000_000,
								files: [{ name: 'sum.pdf' }]
							},
							u2: { id: 'u2', parentId: 'a', role: 'user', content: 'sure?' }
						}
					}
				}
			}
		]);
		const [math] = sessions;
		check(math, 'open-webui');
		expect(shown(math)).toEqual([
			'user: 1+1? + [attached: sum.pdf]',
			'assistant: (Add\nthem.) + add#call_1 {"a":1}',
			'result: #call_1 ok 2',
			'assistant: It is 2. <details type="x"'
		]);
		expect(math.entries).toHaveLength(5);
		expect(math.entries[4]?.parentId).toBe(math.entries[3]?.id);
		expect(math.record.registers).toMatchObject({
			pinned: { value: true },
			tags: { value: ['school'] },
			title: { value: 'Math' }
		});
	});

	it('reads LobeChat: one session a topic, retries as branches, results in a row', async () => {
		const base = { sessionId: 'inbox', topicId: 't', extra: { fromModel: 'm', fromProvider: 'openrouter' } };
		const { sessions } = await load('lobe.json', {
			version: 7,
			exportType: 'sessions',
			state: {
				topics: [{ id: 't', title: 'Weather', createdAt: 1_710_000_000_000, favorite: 1 }],
				sessions: [],
				messages: [
					{ ...base, id: 'u1', role: 'user', content: 'Rain?', createdAt: 1_710_000_000_001 },
					{
						...base,
						id: 'a1',
						role: 'assistant',
						parentId: 'u1',
						content: '',
						createdAt: 1_710_000_000_002,
						tools: [
							{ id: 'k1', identifier: 'sky', apiName: 'look', arguments: '{"at":"x"}' },
							{ id: 'k2', identifier: 'sky', apiName: 'feel', arguments: '{}' }
						]
					},
					{
						...base,
						id: 'r1',
						role: 'tool',
						parentId: 'a1',
						tool_call_id: 'k1',
						content: '"wet"',
						createdAt: 1_710_000_000_003
					},
					{
						...base,
						id: 'r2',
						role: 'tool',
						parentId: 'a1',
						tool_call_id: 'k2',
						content: 'cold',
						createdAt: 1_710_000_000_004
					},
					{
						...base,
						id: 'a2',
						role: 'assistant',
						parentId: 'r1',
						content: 'Yes.',
						createdAt: 1_710_000_000_005
					},
					{ ...base, id: 'u2', role: 'user', content: 'Thanks', createdAt: 1_710_000_000_006 },
					{
						...base,
						id: 'a3',
						role: 'assistant',
						parentId: 'u2',
						content: '...',
						error: { type: 'x' },
						createdAt: 1_710_000_000_007
					},
					{
						...base,
						id: 'a4',
						role: 'assistant',
						parentId: 'u2',
						content: 'Welcome',
						createdAt: 1_710_000_000_008
					},
					{
						...base,
						topicId: 'other',
						id: 'z',
						role: 'user',
						content: 'Elsewhere',
						createdAt: 1_710_000_000_009
					}
				]
			}
		});
		expect(sessions).toHaveLength(2);
		const [weather] = sessions;
		check(weather, 'lobechat');
		expect(shown(weather)).toEqual([
			'user: Rain?',
			'assistant: sky_look#k1 {"at":"x"} + sky_feel#k2 {}',
			'result: #k1 ok "wet"',
			'result: #k2 ok "cold"',
			'assistant: Yes.',
			'user: Thanks',
			'assistant: Welcome'
		]);
		expect(weather.record.registers.title?.value).toBe('Weather');
	});
});
