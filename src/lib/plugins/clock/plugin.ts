/** Tells the time: the example to copy. A pure action, so it runs in every mode and is safe to run again. */

import { isJsonObject } from '../../wire/json';
import { definePlugin } from '../plugin';
import { findZone } from './zones';

export default definePlugin({
	id: 'clock',
	title: 'Clock',
	description: 'Knows what time it is, anywhere.',
	capabilities: ['tools'],
	actions: [
		{
			id: 'clock',
			title: 'Tell the time',
			description: 'Gives the current date and time, by default in the time zone of the user.',
			input: {
				type: 'object',
				properties: {
					zone: { type: 'string', description: 'City or time zone, e.g. Asia/Tokyo', minLength: 1 }
				},
				additionalProperties: false
			},
			effects: [],
			replay: 'pure',
			phrases: [
				'what time is it',
				'what time is it now',
				'what time is it in {zone}',
				'what is the time',
				'what is the time in {zone}',
				'tell me the time',
				'what day is it',
				'what is the date'
			],
			say: (output) =>
				isJsonObject(output) ? `It is ${String(output['local'])} (${String(output['zone'])}).` : '',
			async run({ zone }, { now, locale, timeZone: home }) {
				const timeZone = typeof zone === 'string' ? findZone(zone) : home;
				const when = new Date(now);
				const local = when.toLocaleString(locale, { dateStyle: 'full', timeStyle: 'short', timeZone });
				return { iso: when.toISOString(), local, zone: timeZone };
			}
		}
	]
});
