import { describe, expect, it } from 'vitest';
import { createSseScanner } from '../../../src/lib/agent/models/sse';
import { readCorpus } from './recordings';

interface Case {
	readonly name: string;
	readonly input: string;
	readonly expected: readonly {
		readonly type: string;
		readonly data: string;
		readonly lastEventId: string;
	}[];
}

const corpus = readCorpus('wpt-eventsource-cases.json');
const cases = corpus === undefined ? [] : (JSON.parse(corpus) as { readonly cases: readonly Case[] }).cases;

function scan(pieces: readonly Uint8Array[]): {
	events: Case['expected'];
	isCut: boolean;
	retry: number | undefined;
} {
	const events: { type: string; data: string; lastEventId: string }[] = [];
	const scanner = createSseScanner((data, type, lastEventId) => events.push({ type, data, lastEventId }));
	for (const piece of pieces) scanner.push(piece);
	const isCut = scanner.end();
	return { events, isCut, retry: scanner.retry() };
}

describe('the SSE scanner', () => {
	it.each(cases)('passes the web platform test $name, cut at every byte', ({ input, expected }) => {
		const bytes = new TextEncoder().encode(input);
		expect(scan([bytes]).events).toEqual(expected);
		expect(scan([...bytes].map((byte) => Uint8Array.of(byte))).events).toEqual(expected);
		for (let at = 0; at <= bytes.length; at++) {
			expect(scan([bytes.subarray(0, at), bytes.subarray(at)]).events, `cut at ${String(at)}`).toEqual(
				expected
			);
		}
	});

	it('drops an event without its blank line, and says that there was one', () => {
		const bytes = new TextEncoder().encode('data: 1\n\ndata: 2\n');
		expect(scan([bytes])).toEqual({
			events: [{ type: 'message', data: '1', lastEventId: '' }],
			isCut: true,
			retry: undefined
		});
		expect(scan([bytes.subarray(0, 9)]).isCut).toBe(false);
	});

	it('reads the reconnection time, and only digits of it', () => {
		expect(scan([new TextEncoder().encode('retry: 3000\nretry: 1x\n\n')]).retry).toBe(3000);
	});
});
