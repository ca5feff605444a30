import { describe, expect, it } from 'vitest';
import { createSearchIndex } from './search-index';
import type { IndexedText, QueryOptions, SearchIndex } from './search-index';
import { hasPhrase, parseQuery } from './query';
import { tokenize } from './tokenize';

const seed = Number(process.env['SEED'] ?? Math.floor(Math.random() * 2 ** 31));

function generator(start: number): () => number {
	let state = start;
	return () => {
		state = (state + 0x6d2b79f5) | 0;
		let t = Math.imul(state ^ (state >>> 15), 1 | state);
		t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
		return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
	};
}

function fill(texts: readonly string[]): SearchIndex {
	const index = createSearchIndex();
	for (const [i, text] of texts.entries())
		index.add({ id: `m${i}`, sessionId: `s${i % 3}`, text, at: 1000 + i });
	return index;
}
const ids = (index: SearchIndex, query: string, options: QueryOptions = {}): string[] =>
	index.query(query, options).map((hit) => hit.id);

/** The rules, written down as plainly as possible. */
function oracle(texts: readonly IndexedText[], query: string, options: QueryOptions): Map<string, number> {
	const { terms } = parseQuery(query);
	const docs = texts.map((text) => ({ ...text, terms: tokenize(text.text) }));
	const average = docs.reduce((sum, doc) => sum + doc.terms.length, 0) / docs.length;
	const newest = Math.max(...docs.map((doc) => doc.at));
	const slots = terms.map(({ term, isPrefix }) => {
		const known = new Set(
			docs.flatMap((doc) => doc.terms).filter((one) => one === term || (isPrefix && one.startsWith(term)))
		);
		const df = [...known].reduce((sum, one) => sum + docs.filter((doc) => doc.terms.includes(one)).length, 0);
		return {
			term,
			known,
			idf: Math.log(1 + (docs.length - Math.min(df, docs.length) + 0.5) / (Math.min(df, docs.length) + 0.5))
		};
	});
	const run = (isStrict: boolean): Map<string, number> => {
		const scores = new Map<string, number>();
		for (const doc of docs) {
			let score = 0;
			let matched = 0;
			for (const { term, known, idf } of slots) {
				let gain = 0;
				for (const one of known) {
					const count = doc.terms.filter((other) => other === one).length;
					if (count === 0) continue;
					const saturated =
						(count * 2.2) / (count + 1.2 * (0.25 + (0.75 * doc.terms.length) / Math.max(average, 1)));
					gain += idf * (one === term ? 1 : 0.6) * saturated;
				}
				if (gain > 0) matched++;
				score += gain;
			}
			if (isStrict ? matched < slots.length : matched === 0) continue;
			if (options.sessionId !== undefined && doc.sessionId !== options.sessionId) continue;
			if (options.before !== undefined && doc.at >= options.before) continue;
			if (options.after !== undefined && doc.at < options.after) continue;
			const month = 30 * 24 * 3600 * 1000;
			scores.set(doc.id, score * (1 + (0.25 * month) / (month + newest - doc.at)));
		}
		return scores;
	};
	const strict = run(true);
	return strict.size > 0 || slots.length < 2 ? strict : run(false);
}

describe('search index', () => {
	it('finds what a naive search over the same texts finds, in the same order, at any stage of packing (OT-23)', () => {
		console.log(`search seed ${seed}`);
		const random = generator(seed);
		const pick = (from: readonly string[]): string => from[Math.floor(random() * from.length)] ?? '';
		const words = Array.from({ length: 120 }, () =>
			Array.from({ length: 1 + Math.floor(random() * 3) }, () =>
				pick(['ka', 'lo', 'mi', 'é', '東京', '京都', 'Ω', '7'])
			).join('')
		);
		for (let round = 0; round < 12; round++) {
			const texts: IndexedText[] = [];
			let index = createSearchIndex();
			const size = 50 + Math.floor(random() * 600);
			for (let i = 0; i < size; i++) {
				const text = Array.from({ length: Math.floor(random() * 30) }, () =>
					pick(random() < 0.5 ? words.slice(0, 8) : words)
				).join(' ');
				const one = {
					id: `e${i}`,
					sessionId: `s${Math.floor(random() * 4)}`,
					text,
					at: Math.floor(random() * 1e10)
				};
				texts.push(one);
				expect(index.add(one)).toBe(true);
				expect(index.add(one)).toBe(false);
				if (random() < 0.02) index.serialize();
				if (random() < 0.01) {
					const reopened = createSearchIndex();
					expect(reopened.load(index.serialize())).toBe(true);
					index = reopened;
				}
			}
			for (let i = 0; i < 40; i++) {
				const query = Array.from({ length: 1 + Math.floor(random() * 3) }, () => pick(words))
					.join(' ')
					.slice(0, random() < 0.3 ? 3 : 100);
				const options: QueryOptions = {
					limit: random() < 0.5 ? 10 : 1e9,
					...(random() < 0.3 ? { sessionId: `s${Math.floor(random() * 4)}` } : {}),
					...(random() < 0.2 ? { before: 5e9 } : {}),
					...(random() < 0.2 ? { after: 2e9 } : {})
				};
				const expected = oracle(texts, query, options);
				const found = index.query(query, options);
				expect(found.length, query).toBe(Math.min(expected.size, options.limit ?? 10));
				const best = [...expected.values()].sort((x, y) => y - x);
				for (const [place, hit] of found.entries()) {
					expect(expected.get(hit.id), `${query} ${hit.id}`).toBeCloseTo(hit.score, 6);
					expect(hit.score, query).toBeCloseTo(best[place] ?? 0, 6);
				}
			}
		}
	});

	it('forgets what is removed, before and after packing, and takes it again', () => {
		const index = fill(['tea with milk', 'tea without', 'coffee']);
		expect(index.remove('m0')).toBe(true);
		expect(index.remove('m0')).toBe(false);
		expect(ids(index, 'tea')).toEqual(['m1']);
		index.serialize();
		expect(index.remove('m1')).toBe(true);
		expect(ids(index, 'tea')).toEqual([]);
		const reopened = createSearchIndex();
		reopened.load(index.serialize());
		expect(ids(reopened, 'tea')).toEqual([]);
		expect(reopened.size).toBe(1);
		expect(reopened.add({ id: 'm1', sessionId: 's', text: 'tea again', at: 5 })).toBe(true);
		expect(ids(reopened, 'tea')).toEqual(['m1']);
	});

	it('keeps UUIDs and other ids apart through packing and merging', () => {
		const index = createSearchIndex();
		const uuids = Array.from(
			{ length: 40 },
			(_, i) => `019a0000-0000-7000-8000-${String(i).padStart(12, '0')}`
		);
		for (const [i, id] of uuids.entries()) {
			index.add({ id, sessionId: 's', text: `word${i} common`, at: i });
			index.add({ id: `odd-${i}`, sessionId: 't', text: `odd${i} common`, at: i });
			if (i % 7 === 0) index.serialize();
		}
		index.serialize();
		for (const [i, id] of uuids.entries()) {
			expect(ids(index, `"word${i}"`)).toEqual([id]);
			expect(ids(index, `"odd${i}"`)).toEqual([`odd-${i}`]);
			expect(index.has(id)).toBe(true);
			expect(index.has(`odd-${i}`)).toBe(true);
		}
	});

	it('falls back to any of the words when no message has all of them', () => {
		const index = fill(['green tea', 'black coffee']);
		expect(ids(index, 'green coffee').sort()).toEqual(['m0', 'm1']);
		expect(ids(index, 'green tea')).toEqual(['m0']);
	});

	it('matches the beginning of the last word only, and the whole of the others', () => {
		const index = fill(['calendar entry', 'cal entry', 'entry calendar']);
		expect(ids(index, 'entry cal').sort()).toEqual(['m0', 'm1', 'm2']);
		expect(ids(index, 'cal entry')).toEqual(['m1']);
	});

	it('takes a phrase in quotes as it stands', () => {
		const texts = ['the quick brown fox', 'brown the quick', 'quick and the brown'];
		const index = fill(texts);
		const textOf = (id: string): string | undefined => texts[Number(id.slice(1))];
		expect(ids(index, '"the quick"', { textOf }).sort()).toEqual(['m0', 'm1']);
		expect(ids(index, '"quick brown" zebra', { textOf })).toEqual(['m0']);
		expect(ids(index, '"brown quick"', { textOf })).toEqual([]);
		expect(hasPhrase(tokenize('東京都の天気'), tokenize('京都の').slice(0, -1))).toBe(true);
	});

	it('ignores case and diacritics, and finds words in scripts without spaces', () => {
		const index = fill([
			'Ärger mit İstanbul',
			'naïve café',
			'東京都の天気は晴れ',
			'ภาษาไทย',
			'한국어 검색',
			'Привет МИР',
			'straße'
		]);
		expect(ids(index, 'arger istanbul')).toEqual(['m0']);
		expect(ids(index, 'NAIVE cafe')).toEqual(['m1']);
		expect(ids(index, '天気')).toEqual(['m2']);
		expect(ids(index, '晴')).toEqual(['m2']);
		expect(ids(index, 'ไทย')).toEqual(['m3']);
		expect(ids(index, '검색')).toEqual(['m4']);
		expect(ids(index, 'мир')).toEqual(['m5']);
		expect(ids(index, 'strasse')).toEqual(['m6']);
	});

	it('puts the newer of two equal messages first', () => {
		expect(ids(fill(['same words', 'same words', 'same words']), 'same')).toEqual(['m2', 'm1', 'm0']);
	});

	it('answers nothing to a query without words, and survives any damaged piece', () => {
		const random = generator(seed);
		const index = fill(Array.from({ length: 300 }, (_, i) => `word${i % 17} other${i} common`));
		expect(ids(index, '  !? "" ')).toEqual([]);
		const [saved] = index.serialize();
		const whole = saved?.bytes ?? new Uint8Array();
		for (let i = 0; i < 300; i++) {
			const bytes = whole.slice(0, random() < 0.2 ? Math.floor(random() * whole.length) : whole.length);
			for (let n = 0; n < 1 + random() * 4; n++)
				bytes[Math.floor(random() * bytes.length)] = Math.floor(random() * 256);
			const damaged = createSearchIndex();
			if (!damaged.load([{ bytes, dead: null }])) continue;
			damaged.query('common wo', { limit: 1000 });
			damaged.add({ id: 'new', sessionId: 's', text: 'common', at: 1 });
			damaged.serialize();
		}
	});
});
