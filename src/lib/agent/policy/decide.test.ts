import { describe, expect, it } from 'vitest';
import type { Effect, Mode } from '../../wire/events';
import { ownLabels } from '../../wire/labels';
import { createSeededRandom } from '../../../../tests/fakes/ports';
import { alwaysRule, decide } from './decide';
import type { GateCall, GateInput, Rule, Stance, VerdictKind } from './gate';

const effects = [
	'readPrivate',
	'readUntrusted',
	'writeLocal',
	'writeRemote',
	'egress',
	'spend',
	'execute',
	'irreversible'
] as const satisfies readonly Effect[];
const stances = ['plan', 'ask', 'edit', 'open', 'locked', 'bypass'] as const satisfies readonly Stance[];
const strictness: Record<VerdictKind, number> = { allow: 0, hold: 1, deny: 2 };

const call = (change: Partial<GateCall> = {}): GateCall => ({
	action: 'act',
	defHash: 'd',
	args: { to: 'example.org' },
	effects: [],
	destinations: [],
	replay: 'once',
	undoable: false,
	knownDestinations: [],
	...change
});
const input = (change: Partial<GateInput> = {}): GateInput => ({
	mode: 'selective',
	stance: 'edit',
	rules: [],
	call: call(),
	taint: { ...ownLabels, private: true },
	userDestinations: [],
	budget: { exhausted: false },
	interactive: true,
	principal: 'user',
	...change
});
const rule = (verdict: VerdictKind, change: Partial<Rule> = {}): Rule => ({
	id: verdict,
	v: 1,
	verdict,
	action: 'act',
	text: verdict,
	createdAt: 0,
	...change
});
const tainted = { integrity: 'untrusted', private: true, sources: ['https://evil.example'] } as const;

describe('the gate', () => {
	it.each([
		['pure', [], 'allow'],
		['reads', ['readPrivate', 'readUntrusted'], 'allow'],
		['writeLocal', ['writeLocal'], 'hold'],
		['writeRemote', ['writeRemote'], 'hold'],
		['egress', ['egress'], 'hold'],
		['spend', ['spend'], 'hold'],
		['execute', ['execute'], 'hold'],
		['irreversible', ['irreversible'], 'hold']
	] as const)('first run, selective: %s', (_name, list, expected) => {
		expect(decide(input({ call: call({ effects: list }) })).verdict).toBe(expected);
	});

	it('runs an undoable local write by itself, and any local write in auto', () => {
		expect(decide(input({ call: call({ effects: ['writeLocal'], undoable: true }) })).verdict).toBe('allow');
		expect(decide(input({ mode: 'auto', call: call({ effects: ['writeLocal'] }) })).verdict).toBe('allow');
	});

	it('OT-85: holds what goes out in auto too, unless a rule allows it', () => {
		for (const effect of ['writeRemote', 'egress', 'spend', 'execute', 'irreversible'] as const) {
			const held = input({ mode: 'auto', call: call({ effects: [effect] }) });
			expect(decide(held).verdict).toBe('hold');
			const verdict = decide({ ...held, rules: [rule('allow')] }).verdict;
			expect(verdict).toBe(effect === 'irreversible' ? 'hold' : 'allow');
		}
	});

	it('holds everything in propose mode', () => {
		expect(decide(input({ mode: 'propose' })).verdict).toBe('hold');
	});

	it('lets known hosts be fetched, holds any other', () => {
		const fetching = (url: string): GateInput =>
			input({
				call: call({
					effects: ['readUntrusted', 'egress'],
					destinations: [url],
					knownDestinations: ['en.wikipedia.org']
				})
			});
		expect(decide(fetching('https://en.wikipedia.org/wiki/Tea')).verdict).toBe('allow');
		expect(decide(fetching('https://example.net/')).verdict).toBe('hold');
		expect(decide(fetching('https://en.wikipedia.org.evil.example/')).verdict).toBe('hold');
	});

	it('holds what would send something out of a tainted session, but where the user named the destination', () => {
		const sending = input({
			mode: 'auto',
			taint: tainted,
			rules: [rule('allow', { args: { to: 'example.org' } })],
			call: call({ effects: ['egress'], destinations: ['https://example.org/'] })
		});
		expect(decide(sending)).toMatchObject({ verdict: 'hold', constraints: { canAlways: false } });
		expect(decide({ ...sending, userDestinations: ['https://example.org/'] }).verdict).toBe('allow');
	});

	it('T18 holds whatever reads or does something once participants have written, in every stance and mode', () => {
		const taint = { integrity: 'untrusted', private: true, sources: ['web', 'participants'] } as const;
		for (const stance of ['ask', 'edit', 'open', 'bypass'] as const)
			for (const mode of ['propose', 'selective', 'auto'] as const)
				for (const effect of ['readPrivate', 'readUntrusted', 'writeLocal', 'egress', 'spend'] as const) {
					const asked = input({
						stance,
						mode,
						taint,
						rules: [rule('allow', { args: { to: 'example.org' } })],
						call: call({ effects: [effect], undoable: true })
					});
					expect(decide(asked)).toMatchObject({ verdict: 'hold', constraints: { canAlways: false } });
					expect(decide({ ...asked, interactive: false }).verdict).toBe('deny');
				}
		// What touches nothing tells them nothing.
		expect(decide(input({ taint, call: call({ effects: [] }) })).verdict).toBe('allow');
	});

	it('treats what nobody knows as held, and as denied where nobody can be asked', () => {
		expect(decide(input({ call: call({ effects: 'unknown' }) })).verdict).toBe('hold');
		expect(decide(input({ call: call({ effects: 'unknown' }), interactive: false })).verdict).toBe('deny');
	});

	it('makes a narrow rule: one destination, or exactly these arguments', () => {
		expect(alwaysRule(call({ destinations: ['a.example'] }), 'r', 0)).toMatchObject({
			destination: 'a.example'
		});
		expect(alwaysRule(call(), 'r', 0)).toMatchObject({ args: { to: 'example.org' } });
		expect(alwaysRule(call({ destinations: ['a.example', 'b.example'] }), 'r', 0)).toBeUndefined();
		const narrow = rule('allow', { destination: 'a.example' });
		expect(
			decide(input({ rules: [narrow], call: call({ effects: ['egress'], destinations: ['b.example'] }) }))
				.verdict
		).toBe('hold');
		expect(
			decide(
				input({
					rules: [narrow],
					call: call({ effects: ['egress'], destinations: ['a.example', 'b.example'] })
				})
			).verdict
		).toBe('hold');
	});

	it('every cell of the table has a verdict and a reason: 6 stances × 8 effects × 4 rules × taint × asking', () => {
		let cells = 0;
		for (const stance of stances)
			for (const effect of effects)
				for (const rules of [[], [rule('allow')], [rule('hold')], [rule('deny')]])
					for (const taint of [ownLabels, tainted])
						for (const interactive of [true, false]) {
							const { verdict, reasons } = decide(
								input({ stance, rules, taint, interactive, call: call({ effects: [effect] }) })
							);
							cells++;
							expect(reasons.length).toBeGreaterThan(0);
							if (rules[0]?.verdict === 'deny') expect(verdict).toBe('deny');
							if (!interactive || stance === 'locked') expect(verdict).not.toBe('hold');
						}
		expect(cells).toBe(768);
	});

	it('never loosens by a deny rule, taint, nobody to ask, or propose mode', () => {
		const seed = Number(process.env['WHERRY_SEED'] ?? Date.now() % 1_000_000);
		console.log(`gate monotony: seed ${String(seed)}`);
		const random = createSeededRandom(seed);
		const pick = <T>(list: readonly [T, ...T[]]): T =>
			list[Math.floor(random.float() * list.length)] ?? list[0];
		const modes: readonly [Mode, ...Mode[]] = ['propose', 'selective', 'auto'];
		for (let round = 0; round < 20_000; round++) {
			const destinations = random.float() < 0.5 ? [] : [pick(['a.example', 'b.example'])];
			const base = input({
				mode: pick(modes),
				stance: pick(stances),
				rules:
					random.float() < 0.5
						? []
						: [
								rule(
									pick(['allow', 'hold', 'deny']),
									random.float() < 0.5 ? {} : { destination: 'a.example' }
								)
							],
				taint: random.float() < 0.5 ? ownLabels : tainted,
				userDestinations: random.float() < 0.5 ? [] : destinations,
				call: call({
					effects: effects.filter(() => random.float() < 0.25),
					destinations,
					undoable: random.float() < 0.5,
					knownDestinations: random.float() < 0.5 ? [] : ['a.example']
				})
			});
			const before = strictness[decide(base).verdict];
			for (const stricter of [
				{ ...base, rules: [...base.rules, rule('deny')] },
				{ ...base, taint: tainted },
				{ ...base, interactive: false },
				{
					...base,
					stance: 'locked' as const,
					...(base.stance === 'plan' ? { stance: 'plan' as const } : {})
				},
				...(base.stance === 'bypass' ? [] : [{ ...base, mode: 'propose' as const }])
			]) {
				expect(
					strictness[decide(stricter).verdict],
					`seed ${String(seed)}: ${JSON.stringify([base, stricter])}`
				).toBeGreaterThanOrEqual(before);
			}
		}
	});
});
