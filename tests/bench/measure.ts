/**
 * Ours, a peer and the floor in the same run: slices of a few hundred milliseconds on the same
 * input, one after another, seven times. What counts is the ratio within each round; the median
 * and the range are printed. Results are compared before anything is measured.
 */

export interface Contender {
	readonly name: string;
	/** Does the work once; resolves when it is finished. */
	run(): Promise<void> | void;
	/** Units (steps, bytes, entries) that one `run` does. */
	readonly units: number;
}

/** Units a second of each contender, by round. */
export type Rates = ReadonlyMap<string, readonly number[]>;

export interface CompareOptions {
	readonly rounds?: number;
	readonly sliceMs?: number;
	/** Called between slices, outside of the measured time. */
	readonly between?: () => Promise<void> | void;
}

export async function compare(
	contenders: readonly Contender[],
	options: CompareOptions = {}
): Promise<Rates> {
	const { rounds = 7, sliceMs = 350 } = options;
	const rates = new Map<string, number[]>(contenders.map(({ name }) => [name, []]));
	for (const contender of contenders) await slice(contender, sliceMs / 2);
	for (let round = 0; round < rounds; round++) {
		// Another one begins each time: whoever follows a garbage collection pays for it.
		for (let place = 0; place < contenders.length; place++) {
			const contender = contenders[(place + round) % contenders.length];
			if (contender === undefined) continue;
			await options.between?.();
			rates.get(contender.name)?.push(await slice(contender, sliceMs));
		}
	}
	return rates;
}

async function slice({ run, units }: Contender, ms: number): Promise<number> {
	const start = performance.now();
	let done = 0;
	let now = start;
	do {
		const pending = run();
		if (pending !== undefined) await pending;
		done += units;
		now = performance.now();
	} while (now - start < ms);
	return (done / (now - start)) * 1000;
}

/** One printed line: a goal, or (without `goal`) a figure that is only worth knowing. */
export interface Line {
	readonly id: string;
	readonly what: string;
	readonly ours: number;
	readonly other: { readonly name: string; readonly value: number };
	readonly unit: string;
	/** Median, lowest and highest of the rounds. */
	readonly ratio: readonly [number, number, number];
	readonly goal?: { readonly is: 'at most' | 'at least'; readonly value: number };
}

export interface Question {
	readonly id: string;
	readonly what: string;
	readonly ours: string;
	readonly other: string;
	readonly unit: string;
	/** From units a second to what is printed. Default: as they are. */
	readonly show?: (rate: number) => number;
	/** `cost`: how much longer ours takes. `speed`: how much faster it is. */
	readonly as: 'cost' | 'speed';
	readonly goal?: { readonly is: 'at most' | 'at least'; readonly value: number };
}

export function answer(rates: Rates, question: Question): Line {
	const ours = rates.get(question.ours) ?? [];
	const other = rates.get(question.other) ?? [];
	const ratios = ours.map((rate, round) => {
		const against = other[round] ?? Number.NaN;
		return question.as === 'cost' ? against / rate : rate / against;
	});
	const { show = (rate: number) => rate, id, what, unit, goal } = question;
	return {
		id,
		what,
		ours: show(median(ours)),
		other: { name: question.other, value: show(median(other)) },
		unit,
		ratio: [median(ratios), Math.min(...ratios), Math.max(...ratios)],
		...(goal === undefined ? {} : { goal })
	};
}

export function median(values: readonly number[]): number {
	const sorted = [...values].sort((a, b) => a - b);
	const middle = Math.floor(sorted.length / 2);
	const upper = sorted[middle] ?? Number.NaN;
	return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2;
}

export function percentile(values: readonly number[], share: number): number {
	const sorted = [...values].sort((a, b) => a - b);
	return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

/** A faster wrong answer must fail. */
export function mustEqual(what: string, expected: unknown, actual: unknown): void {
	const left = JSON.stringify(expected);
	const right = JSON.stringify(actual);
	if (left === right) return;
	throw new Error(
		`${what}: the results differ.\n  expected ${left.slice(0, 400)}\n  but got  ${right.slice(0, 400)}`
	);
}

/** mulberry32: the same input in every run and for everybody. */
export function seeded(seed: number): () => number {
	let state = seed >>> 0;
	return () => {
		state = (state + 0x6d2b79f5) >>> 0;
		let mixed = Math.imul(state ^ (state >>> 15), state | 1);
		mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
		return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
	};
}

const words =
	'the a tab agent reads writes and then asks for it when nobody looks because time is short'.split(' ');

export function prose(random: () => number, characters: number): string {
	let text = '';
	while (text.length < characters) text += `${words[Math.floor(random() * words.length)] ?? ''} `;
	return text.slice(0, characters);
}
