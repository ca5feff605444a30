/**
 * The gate: hard denies → deny rules → trifecta → hold rules → allow rules → stance and mode.
 * Pure; no I/O, no clock. Adding a deny rule, taint or a stricter stance never loosens it.
 */

import type { Effect, Reason } from '../../wire/events';
import { isJsonObject, canonicalJson } from '../../wire/json';
import { participantSource } from '../../wire/labels';
import type { GateCall, GateInput, Rule, Stance, Verdict, VerdictKind } from './gate';

/** Effects that leave this device or cannot be taken back: held unless a rule allows them. */
const outward: readonly Effect[] = ['writeRemote', 'egress', 'spend', 'execute', 'irreversible'];
const exfiltrating: readonly Effect[] = ['writeRemote', 'egress', 'spend'];

const effectText: Record<Effect, string> = {
	readPrivate: 'reads your data',
	readUntrusted: 'reads content that others wrote',
	writeLocal: 'changes data on this device',
	writeRemote: 'changes something elsewhere',
	egress: 'sends a request to another host',
	spend: 'costs money',
	execute: 'runs a program',
	irreversible: 'cannot be undone'
};

export function decide(input: GateInput): Verdict {
	const { call } = input;
	const tainted = input.taint.integrity === 'untrusted';
	const effects = call.effects === 'unknown' ? [] : call.effects;
	const canAlways = call.effects !== 'unknown' && !effects.includes('irreversible') && !tainted;
	const answer = (wanted: VerdictKind, reasons: Reason[]): Verdict => ({
		// Where nobody can be asked, or nothing may be asked, a hold is a no.
		verdict: wanted === 'hold' && (!input.interactive || input.stance === 'locked') ? 'deny' : wanted,
		reasons,
		constraints: { canAlways }
	});

	if (input.budget.exhausted) return answer('deny', [reason('budget', 'The budget is used up.')]);
	const rules = input.rules.filter((rule) => ruleFits(rule, call));
	const denying = rules.find((rule) => rule.verdict === 'deny');
	if (denying) return answer('deny', [reason('rule', denying.text)]);
	if (call.effects === 'unknown') return answer('hold', [reason('unknown', 'Nobody knows what this does.')]);
	if (input.stance === 'plan' && effects.some((effect) => effect !== 'readPrivate')) {
		return answer('deny', [reason('stance', 'Planning only: nothing is changed or fetched.')]);
	}

	const destinationsByUser =
		call.destinations.length > 0 &&
		call.destinations.every(
			(destination) =>
				input.userDestinations.includes(destination) ||
				rules.some((rule) => rule.verdict === 'allow' && rule.destination === destination)
		);
	if (
		tainted &&
		input.taint.private &&
		effects.some((effect) => exfiltrating.includes(effect)) &&
		!destinationsByUser
	) {
		return answer('hold', [
			reason(
				'trifecta',
				`This session holds private data and text from ${input.taint.sources[0] ?? 'others'}; this call would send something out.`
			)
		]);
	}

	// What participants wrote is in the context, and what is found goes out to them: the person looks at each call.
	if (input.taint.sources.includes(participantSource) && effects.length > 0)
		return answer('hold', [reason('participants', 'Others write here and read along.')]);
	if (input.stance === 'bypass') return answer('allow', [reason('stance', 'You switched asking off.')]);
	if (input.mode === 'propose')
		return answer('hold', [reason('propose', 'In propose mode you run each call.')]);
	const holding = rules.find((rule) => rule.verdict === 'hold');
	if (holding) return answer('hold', [reason('rule', holding.text)]);
	const allowing = rules.find((rule) => rule.verdict === 'allow');
	if (allowing && !effects.includes('irreversible')) return answer('allow', [reason('rule', allowing.text)]);

	const objections = effects.filter((effect) => objects(effect, input.stance, input.mode === 'auto', call));
	if (objections.length === 0)
		return answer('allow', [reason('safe', 'Nothing leaves and nothing is lost.')]);
	return answer(
		'hold',
		objections.map((effect) => reason(effect, `It ${effectText[effect]}.`))
	);
}

function objects(effect: Effect, stance: Stance, isAuto: boolean, call: GateCall): boolean {
	const toKnown =
		effect === 'egress' &&
		call.destinations.length > 0 &&
		call.destinations.every((destination) => isKnown(destination, call.knownDestinations));
	if (toKnown) return false;
	if (outward.includes(effect)) return true;
	if (effect !== 'writeLocal') return false;
	if (stance === 'ask' || stance === 'plan' || stance === 'locked') return true;
	return !call.undoable && !isAuto && stance !== 'open';
}

/** A destination is a host or an absolute address; known ones are named by host. */
function isKnown(destination: string, known: readonly string[]): boolean {
	if (known.includes(destination)) return true;
	if (!URL.canParse(destination)) return false;
	return known.includes(new URL(destination).host);
}

function ruleFits(rule: Rule, call: GateCall): boolean {
	if (rule.action !== call.action) return false;
	if (rule.destination !== undefined) {
		// An allowance must cover every destination; a prohibition any of them.
		const matches = (destination: string): boolean => destination === rule.destination;
		const fits =
			rule.verdict === 'allow'
				? call.destinations.length > 0 && call.destinations.every(matches)
				: call.destinations.some(matches);
		if (!fits) return false;
	}
	if (rule.args !== undefined) {
		const args = call.args;
		if (!isJsonObject(args)) return false;
		for (const [name, value] of Object.entries(rule.args)) {
			const given = args[name];
			if (given === undefined || canonicalJson(given) !== canonicalJson(value)) return false;
		}
	}
	return true;
}

function reason(code: string, text: string): Reason {
	return { code, text };
}

/** The narrow rule that "Always allow this" writes: the action to that destination, or with exactly these arguments. */
export function alwaysRule(call: GateCall, id: string, createdAt: number): Rule | undefined {
	const common = { id, v: 1, verdict: 'allow', action: call.action, createdAt } as const;
	const [destination, ...others] = call.destinations;
	if (destination !== undefined) {
		if (others.length > 0) return undefined;
		return { ...common, destination, text: `Always allow ${call.action} to ${destination}.` };
	}
	if (!isJsonObject(call.args)) return undefined;
	return {
		...common,
		args: call.args,
		text: `Always allow ${call.action} with exactly ${canonicalJson(call.args)}.`
	};
}
