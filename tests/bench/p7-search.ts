/** P7: search over 100,000 messages: build, query, load and size, with one tokenizer on all sides. */

import { Index as FlexIndex } from 'flexsearch';
import MiniSearch from 'minisearch';
import {
	createSearchIndex,
	type SavedPiece,
	type SearchIndex
} from '../../src/lib/agent/sessions/search/search-index';
import { tokenize } from '../../src/lib/agent/sessions/search/tokenize';
import { uuidv7 } from '../../src/lib/wire/uuid';
import { median, mustEqual, percentile, seeded, type Line } from './measure';

const messageCount = 100_000;
const vocabularySize = 60_000;
const queryRounds = 5;

interface Message {
	readonly id: string;
	readonly sessionId: string;
	readonly text: string;
	readonly at: number;
}

const random = seeded(7);
const syllables = 'ba ce di fo gu ha je ki lo mu na pe qui ro su ta ve wi xo yu zen tor mal rin ske'.split(
	' '
);
const vocabulary = [...new Set(Array.from({ length: vocabularySize }, makeWord))];

function makeWord(): string {
	const length = 1 + Math.floor(random() * 4);
	return Array.from({ length }, () => syllables[Math.floor(random() * syllables.length)] ?? '').join('');
}

/** Few words often, most of them rarely, as in any language. */
function someWord(): string {
	const place = Math.floor(vocabulary.length ** random()) - 1;
	return vocabulary[place] ?? 'ba';
}

function makeMessages(): Message[] {
	return Array.from({ length: messageCount }, (_, n) => {
		const length = 8 + Math.floor(random() * 70);
		const at = 1_700_000_000_000 + n * 1_000;
		return {
			id: uuidv7(at),
			sessionId: `s${String(n % 500)}`,
			at,
			text: Array.from({ length }, someWord).join(' ')
		};
	});
}

const miniOptions = {
	fields: ['text'],
	tokenize: (text: string) => [...tokenize(text)],
	// Folded already.
	processTerm: (term: string) => term
};
/** All words, the last one as a prefix, as one types. */
const miniQuery = {
	combineWith: 'AND' as const,
	prefix: (_term: string, index: number, terms: string[]) => index === terms.length - 1
};

function buildOurs(messages: readonly Message[]): SearchIndex {
	const index = createSearchIndex();
	for (const message of messages) index.add(message);
	return index;
}
function buildMini(messages: readonly Message[]): MiniSearch<Message> {
	const index = new MiniSearch<Message>(miniOptions);
	index.addAll(messages);
	return index;
}
/** Whole words only: with prefixes (`forward`) its build takes ten times as long. */
function buildFlex(messages: readonly Message[]): FlexIndex {
	const index = new FlexIndex({ tokenize: 'strict', encode: (text: string) => [...tokenize(text)] } as never);
	messages.forEach(({ text }, n) => {
		index.add(n, text);
	});
	return index;
}

function time(work: () => void): number {
	const start = performance.now();
	work();
	return performance.now() - start;
}

function collect(): void {
	(globalThis as { gc?: () => void }).gc?.();
}

export async function bench(): Promise<Line[]> {
	const messages = makeMessages();
	const queries = Array.from({ length: 100 }, () => {
		const words = Array.from({ length: 1 + Math.floor(random() * 3) }, someWord);
		const last = words.pop() ?? '';
		return [...words, last.slice(0, Math.max(2, last.length - Math.floor(random() * 2)))].join(' ');
	});

	const builds: Record<'ours' | 'mini' | 'flex', number[]> = { ours: [], mini: [], flex: [] };
	let ours = createSearchIndex();
	let mini = new MiniSearch<Message>(miniOptions);
	let flex: FlexIndex | null = null;
	for (let round = 0; round < 2; round++) {
		collect();
		builds.ours.push(time(() => (ours = buildOurs(messages))));
		collect();
		builds.mini.push(time(() => (mini = buildMini(messages))));
	}
	flex = null;
	collect();
	builds.flex.push(time(() => (flex = buildFlex(messages))));

	// The same messages for the same words, whoever is asked: the order is each one's own.
	let strictHits = 0;
	for (const query of queries.slice(0, 60)) {
		const theirs = mini.search(query, miniQuery).map(({ id }) => String(id));
		// Where nothing has all of the words, ours says what has some of them.
		if (theirs.length === 0) continue;
		strictHits++;
		const found = ours.query(query, { limit: messageCount }).map(({ id }) => id);
		mustEqual(`hits of "${query}"`, theirs.sort(), found.sort());
	}
	if (strictHits < 30) throw new Error(`only ${String(strictHits)} of 60 queries found anything`);

	const p95: Record<'ours' | 'mini' | 'flex', number[]> = { ours: [], mini: [], flex: [] };
	for (let round = 0; round < queryRounds; round++) {
		for (const [name, ask] of [
			['ours', (query: string) => ours.query(query, { limit: 20 })],
			['mini', (query: string) => mini.search(query, miniQuery)],
			['flex', (query: string) => flex?.search(query, { limit: 20 })]
		] as const) {
			collect();
			const times = queries.map((query) => time(() => void ask(query)));
			p95[name].push(percentile(times, 0.95));
		}
	}

	const saved: SavedPiece[] = ours.serialize();
	const json = JSON.stringify(mini);
	const bytes = {
		ours: saved.reduce((sum, piece) => sum + piece.bytes.length + (piece.dead?.length ?? 0), 0),
		mini: Buffer.byteLength(json)
	};
	const loads: Record<'ours' | 'mini', number[]> = { ours: [], mini: [] };
	for (let round = 0; round < 3; round++) {
		const again = createSearchIndex();
		collect();
		// The bytes as they come out of a store: a copy.
		const copy = saved.map((piece) => ({ ...piece, bytes: piece.bytes.slice() }));
		loads.ours.push(time(() => again.load(copy)));
		const query = queries[0] ?? '';
		mustEqual('hits after loading', ours.query(query), again.query(query));
		collect();
		loads.mini.push(time(() => void MiniSearch.loadJSON(json, miniOptions)));
	}

	const faster = (
		what: string,
		ours_: readonly number[],
		name: string,
		other: readonly number[],
		unit: string,
		goal?: number
	): Line => {
		const ratios = ours_.map((ms, round) => (other[round] ?? other[0] ?? Number.NaN) / ms);
		return {
			id: 'P7',
			what,
			ours: median(ours_),
			other: { name, value: median(other) },
			unit,
			ratio: [median(ratios), Math.min(...ratios), Math.max(...ratios)],
			...(goal === undefined ? {} : { goal: { is: 'at least', value: goal } })
		};
	};
	const size = bytes.ours / bytes.mini;
	return [
		faster('search 100,000: query p95', p95.ours, 'MiniSearch', p95.mini, 'ms', 20),
		faster('search 100,000: query p95', p95.ours, 'FlexSearch, no prefixes', p95.flex, 'ms'),
		faster('search 100,000: build', builds.ours, 'MiniSearch', builds.mini, 'ms', 3),
		faster('search 100,000: build', builds.ours, 'FlexSearch, no prefixes', builds.flex, 'ms'),
		faster('search 100,000: load', loads.ours, 'MiniSearch', loads.mini, 'ms', 20),
		{
			id: 'P7',
			what: 'search 100,000: bytes',
			ours: bytes.ours / 1e6,
			other: { name: 'MiniSearch', value: bytes.mini / 1e6 },
			unit: 'MB',
			ratio: [size, size, size],
			goal: { is: 'at most', value: 0.4 }
		}
	];
}
