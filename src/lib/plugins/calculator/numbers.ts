/** Numbers that are exact while they are whole: BigInt as long as it goes, then a double. */

export type Value = bigint | number;

/** What went wrong, in a sentence for people. */
export class CalculationError extends Error {
	override readonly name = 'CalculationError';
}

/** About 6,000 decimal digits: more is slow and nobody reads it. */
const maximumBits = 20_000;
const maximumFactorial = 1000n;

export function negate(value: Value): Value {
	return -value;
}

export function sum(a: Value, b: Value): Value {
	return typeof a === 'bigint' && typeof b === 'bigint' ? bounded(a + b) : checked(toNumber(a) + toNumber(b));
}

export function product(a: Value, b: Value): Value {
	return typeof a === 'bigint' && typeof b === 'bigint' ? bounded(a * b) : checked(toNumber(a) * toNumber(b));
}

export function quotient(a: Value, b: Value): Value {
	if (toNumberOrBig(b) === 0) throw new CalculationError('Nothing can be divided by zero.');
	if (typeof a === 'bigint' && typeof b === 'bigint' && a % b === 0n) return a / b;
	return checked(ratio(a, b));
}

/** The sign is the divisor's, as in mathematics: -7 mod 3 = 2. */
export function remainder(a: Value, b: Value): Value {
	if (toNumberOrBig(b) === 0) throw new CalculationError('Nothing can be divided by zero.');
	if (typeof a === 'bigint' && typeof b === 'bigint') return ((a % b) + b) % b;
	const divisor = toNumber(b);
	return checked(((toNumber(a) % divisor) + divisor) % divisor);
}

export function power(base: Value, exponent: Value): Value {
	if (typeof base === 'bigint' && typeof exponent === 'bigint' && exponent >= 0n) {
		const bits = BigInt(bitLength(base));
		if (bits <= 1n) return base ** (exponent === 0n ? 0n : base < 0n ? 2n - (exponent % 2n) : 1n);
		if (bits * exponent > BigInt(maximumBits)) throw tooLarge();
		return base ** exponent;
	}
	if (toNumberOrBig(base) === 0 && toNumber(exponent) < 0)
		throw new CalculationError('Nothing can be divided by zero.');
	return checked(Math.pow(toNumber(base), toNumber(exponent)));
}

export function factorial(value: Value): Value {
	if (typeof value !== 'bigint' || value < 0n)
		throw new CalculationError('Only whole numbers from 0 on have a factorial.');
	if (value > maximumFactorial) throw new CalculationError(`A factorial goes up to ${maximumFactorial}.`);
	let result = 1n;
	for (let factor = 2n; factor <= value; factor++) result *= factor;
	return result;
}

export function toNumber(value: Value): number {
	if (typeof value === 'number') return value;
	return checkedNumber(Number(value));
}

/** A double that is whole and safe becomes exact again: sqrt(16) is 4. */
export function checked(value: number): Value {
	const finite = checkedNumber(value);
	return Number.isSafeInteger(finite) ? BigInt(finite) : finite;
}

/** Fifteen digits: what a double holds, without the noise of 0.1 + 0.2. */
export function toText(value: Value): string {
	return typeof value === 'bigint' ? value.toString() : String(Number(value.toPrecision(15)));
}

/** Like Number, but never throws: for comparing with zero. */
function toNumberOrBig(value: Value): number {
	return Number(value);
}

/** a/b where either may be far beyond a double: scaled down together first. */
function ratio(a: Value, b: Value): number {
	if (typeof a !== 'bigint' || typeof b !== 'bigint') return toNumber(a) / toNumber(b);
	const excess = BigInt(Math.max(0, Math.max(bitLength(a), bitLength(b)) - 1000));
	return Number(a >> excess) / Number(b >> excess);
}

function bounded(value: bigint): bigint {
	if (bitLength(value) > maximumBits) throw tooLarge();
	return value;
}

function bitLength(value: bigint): number {
	return (
		(value < 0n ? -value : value).toString(16).length * 4 -
		(value === 0n || value === 1n || value === -1n ? 3 : 0)
	);
}

function checkedNumber(value: number): number {
	if (Number.isNaN(value)) throw new CalculationError('This has no result among the real numbers.');
	if (!Number.isFinite(value)) throw tooLarge();
	return value;
}

function tooLarge(): CalculationError {
	return new CalculationError('The result is too large.');
}
