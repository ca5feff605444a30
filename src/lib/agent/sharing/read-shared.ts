/**
 * What was sealed → what the page of a link draws. Whoever has a Wherry can seal anything: this reads totally,
 * by hand (a schema would be a quarter of what the page may weigh), and nothing in the result can run or load.
 */

import { isJsonObject, parseJson, type Json, type JsonObject } from '../../wire/json';
import type { SharedFile, SharedItem, SharedReading } from '../../wire/share';
import { isOwnImage } from '../render/links';
import { readBlocks } from '../render/read-blocks';
import { visible } from '../render/visible';

/** Milliseconds; a date beyond is none. */
const lastDate = 8.64e15;
const states = ['ok', 'error', 'rejected', 'not-run', 'unknown', 'held', 'running'] as const;
const hows = ['unread', 'left-out'] as const;
const lineStart = '{"reading":';

/** Undefined where the text is no snapshot. */
export function readShared(text: string): SharedReading | undefined {
	const at = text.startsWith(lineStart) ? 0 : text.indexOf(`\n${lineStart}`) + 1;
	const end = text.indexOf('\n', at);
	const line = parseJson(text.slice(at, end < 0 ? text.length : end));
	const reading = isJsonObject(line) ? line['reading'] : undefined;
	return isJsonObject(reading) ? readReading(reading) : undefined;
}

export function readReading(reading: JsonObject): SharedReading {
	const { busyAt } = reading;
	return {
		title: words(reading['title']).slice(0, 500),
		items: list(reading['items']).flatMap((item) => (isJsonObject(item) ? readItem(item) : [])),
		models: list(reading['models']).map(words).slice(0, 50),
		...(typeof busyAt === 'number' ? { busyAt } : {}),
		...(reading['isFull'] === true ? { isFull: true } : {})
	};
}

function readItem(item: JsonObject): SharedItem[] {
	const said = item['at'];
	const at = typeof said === 'number' && Math.abs(said) < lastDate ? said : 0;
	switch (item['type']) {
		case 'you':
			return [
				{
					type: 'you',
					text: words(item['text']),
					files: list(item['files']).flatMap(readFile),
					at,
					...(typeof item['by'] === 'string' ? { by: words(item['by']).slice(0, 80) } : {})
				}
			];
		case 'wherry':
			return [
				{
					type: 'wherry',
					byline: words(item['byline']),
					blocks: readBlocks(item['blocks']),
					reasoning: readBlocks(item['reasoning']),
					at
				}
			];
		case 'call':
			return [
				{
					type: 'call',
					action: words(item['action']),
					state: states.find((state) => state === item['state']) ?? 'unknown',
					args: words(item['args']),
					output: words(item['output']),
					at
				}
			];
		case 'note':
			return [{ type: 'note', blocks: readBlocks(item['blocks']), at }];
		default:
			return [];
	}
}

function readFile(value: Json): SharedFile[] {
	if (!isJsonObject(value)) return [];
	const { name, size, src, text } = value;
	const how = hows.find((one) => one === value['how']);
	const file = {
		name: words(name),
		size: typeof size === 'number' ? size : 0,
		...(typeof text === 'string' ? { text: words(text) } : {}),
		...(how === undefined ? {} : { how })
	};
	return [typeof src === 'string' && isOwnImage(src) ? { ...file, src } : file];
}

const list = (value: Json | undefined): readonly Json[] => (Array.isArray(value) ? value : []);
const words = (value: Json | undefined): string => (typeof value === 'string' ? visible(value) : '');
