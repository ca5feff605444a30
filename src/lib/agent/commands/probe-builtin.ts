/** What a probe of the browser's own model says. A chunk of its own: few browsers have one. */

import type { ProbeResult } from '../../wire/commands';
import type { BuiltinPort } from '../models/builtin';

export function probeBuiltin(availability: Awaited<ReturnType<BuiltinPort['availability']>>): ProbeResult {
	switch (availability) {
		case 'available':
			return { ok: true, text: 'This browser\u2019s model is ready.', findings: [], model: 'builtin' };
		case 'downloadable':
		case 'downloading':
			return {
				ok: true,
				text: 'This browser has a model; the first message downloads it.',
				findings: [],
				model: 'builtin'
			};
		case 'unavailable':
			return { ok: false, text: 'This browser has no model of its own.', findings: [] };
	}
}
