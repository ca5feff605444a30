/** A turn's events as bars on one time axis: steps, calls and marks. Pure. */

import type { TraceLine } from '../../wire/view';

export interface Bar {
	readonly key: string;
	readonly kind: 'step' | 'call' | 'mark';
	readonly name: string;
	readonly state: string;
	readonly detail: string;
	/** Fractions of the turn's time. */
	readonly from: number;
	readonly width: number;
	/** Absent while it has not ended. */
	readonly durationMs?: number;
}

interface Open {
	key: string;
	kind: Bar['kind'];
	name: string;
	state: string;
	detail: string;
	at: number;
	end?: number;
}

export function barsOf(lines: readonly TraceLine[]): { bars: readonly Bar[]; durationMs: number } {
	const open: Open[] = [];
	const find = (key: string) => open.findLast((bar) => bar.key === key);
	const begin = (line: TraceLine, bar: Omit<Open, 'at' | 'key'> & { key?: string }) => {
		const key = bar.key ?? `${line.event.type}:${line.event.seq}`;
		open.push({ ...bar, key, at: line.at });
	};
	for (const line of lines) {
		const { event, at } = line;
		switch (event.type) {
			case 'step-start':
				begin(line, {
					key: `step:${event.step}:${event.seq}`,
					kind: 'step',
					name: String(event.step + 1),
					state: '…',
					detail: `${event.model.provider} · ${event.model.model}`
				});
				break;
			case 'step-end': {
				const bar = open.findLast((one) => one.kind === 'step' && one.end === undefined);
				if (bar) Object.assign(bar, { end: at, state: event.stop });
				break;
			}
			case 'call-start':
			case 'call-run': {
				const bar = find(event.callId);
				if (bar === undefined)
					begin(line, { key: event.callId, kind: 'call', name: event.action, state: '…', detail: '' });
				else if (event.type === 'call-run') bar.at = at;
				break;
			}
			case 'call-held':
				if (find(event.held.callId) === undefined) {
					begin(line, {
						key: event.held.callId,
						kind: 'call',
						name: event.held.action,
						state: 'held',
						detail: ''
					});
				}
				break;
			case 'call-end': {
				const bar = find(event.callId);
				const ended = { end: at, state: event.status, detail: event.error?.message ?? '' };
				if (bar) Object.assign(bar, ended, { at: Math.min(bar.at, at - event.durationMs) || at });
				break;
			}
			case 'notice':
				begin(line, { kind: 'mark', name: event.code, state: event.level, detail: event.text, end: at });
				break;
			case 'turn-park':
			case 'turn-resume':
				begin(line, { kind: 'mark', name: event.type, state: event.reason, detail: '', end: at });
				break;
			case 'turn-end':
				begin(line, {
					kind: 'mark',
					name: event.type,
					state: event.outcome,
					detail: event.error?.message ?? '',
					end: at
				});
				break;
			case 'turn-start':
			case 'text-delta':
			case 'reasoning-delta':
			case 'call-delta':
			case 'call-progress':
				break;
			default:
				event satisfies never;
		}
	}
	const start = Math.min(...lines.slice(0, 1).map((line) => line.at), ...open.map((bar) => bar.at));
	const last = lines.at(-1)?.at ?? start;
	const span = Math.max(1, last - start);
	return {
		durationMs: lines.length === 0 ? 0 : last - start,
		bars: open.map(({ at, end, ...bar }) => ({
			...bar,
			from: Math.min(1, Math.max(0, (at - start) / span)),
			width: Math.max(0, ((end ?? last) - at) / span),
			...(end === undefined || bar.kind === 'mark' ? {} : { durationMs: Math.max(0, end - at) })
		}))
	};
}
