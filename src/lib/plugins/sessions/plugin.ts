/** Past sessions of this device: listed, searched and read, never changed. */

import { isJsonObject, type Json, type JsonObject } from '../../wire/json';
import { definePlugin, type ActionContext, type HostServices } from '../plugin';

type Sessions = NonNullable<HostServices['sessions']>;

function sessionsOf({ host }: ActionContext): Sessions {
	if (host.sessions === undefined) throw new Error('The sessions are not open here.');
	return host.sessions;
}

function limitOf({ limit }: JsonObject, standard: number): number {
	return typeof limit === 'number' ? limit : standard;
}

/** What was imported or fetched in those sessions stays as untrusted as it was: the host names its sources. */
function withSources(answer: Json, context: ActionContext): Json {
	const sources = isJsonObject(answer) ? answer['sources'] : undefined;
	if (Array.isArray(sources)) for (const source of sources) context.addSource(String(source));
	return answer;
}

/** The first list in an answer, one line a row. */
function sayRows(output: Json, empty: string): string {
	const list = Array.isArray(output)
		? output
		: isJsonObject(output)
			? Object.values(output).find((one) => Array.isArray(one))
			: undefined;
	if (!Array.isArray(list) || list.length === 0) return empty;
	const lines = list.map((row: unknown) => {
		if (!isJsonObject(row)) return String(row);
		const head = row['title'] ?? row['by'];
		const body = row['snippet'] ?? row['text'] ?? row['preview'];
		return [head, body].filter((one) => typeof one === 'string' && one !== '').join(': ');
	});
	return lines.join('\n');
}

function limitSchema(standard: number, maximum: number): Json {
	return { type: 'integer', minimum: 1, maximum, description: `Default ${standard}` };
}

export default definePlugin({
	id: 'sessions',
	title: 'Past sessions',
	description: 'Finds and reads earlier conversations on this device.',
	capabilities: ['tools'],
	needs: ['sessions'],
	actions: [
		{
			id: 'sessions_list',
			title: 'List sessions',
			description: 'Lists past sessions, newest first; `text` narrows by title.',
			input: {
				type: 'object',
				properties: { limit: limitSchema(20, 100), text: { type: 'string', maxLength: 200 } },
				additionalProperties: false
			},
			effects: ['readPrivate'],
			replay: 'pure',
			phrases: ['list my sessions', 'list sessions', 'show my sessions', 'list my sessions about {text}'],
			output: { private: true },
			say: (output) => sayRows(output, 'There is no session yet.'),
			async run(input, context) {
				const text = typeof input['text'] === 'string' ? { text: input['text'] } : {};
				return withSources(await sessionsOf(context).list({ limit: limitOf(input, 20), ...text }), context);
			}
		},
		{
			id: 'sessions_search',
			title: 'Search sessions',
			description: 'Searches every message of every past session.',
			input: {
				type: 'object',
				properties: { text: { type: 'string', minLength: 1, maxLength: 200 }, limit: limitSchema(10, 50) },
				required: ['text'],
				additionalProperties: false
			},
			effects: ['readPrivate'],
			replay: 'pure',
			phrases: [
				'search my sessions for {text}',
				'search sessions for {text}',
				'find {text} in my sessions',
				'when did we talk about {text}'
			],
			output: { private: true },
			say: (output) => sayRows(output, 'No message in any session has these words.'),
			async run(input, context) {
				const query = { text: String(input['text']), limit: limitOf(input, 10) };
				return withSources(await sessionsOf(context).search(query), context);
			}
		},
		{
			id: 'sessions_read',
			title: 'Read a session',
			description:
				'Reads the newest messages of one past session, by its id from sessions_list or sessions_search.',
			input: {
				type: 'object',
				properties: {
					sessionId: { type: 'string', minLength: 1, maxLength: 64 },
					limit: limitSchema(50, 200)
				},
				required: ['sessionId'],
				additionalProperties: false
			},
			effects: ['readPrivate'],
			replay: 'pure',
			phrases: ['read session {sessionId}'],
			output: { private: true },
			say: (output) => sayRows(output, 'This session has no message.'),
			async run(input, context) {
				const query = { sessionId: String(input['sessionId']), limit: limitOf(input, 50) };
				return withSources(await sessionsOf(context).read(query), context);
			}
		}
	]
});
