/** The functions and constants that the calculator knows, each with how many arguments it takes. */

import {
	CalculationError,
	checked,
	factorial,
	power,
	product,
	quotient,
	remainder,
	sum,
	toNumber,
	type Value
} from './numbers';

interface Operation {
	readonly least: number;
	readonly most: number;
	readonly apply: (values: readonly Value[]) => Value;
}

export const constants: ReadonlyMap<string, Value> = new Map<string, Value>([
	['pi', Math.PI],
	['π', Math.PI],
	['tau', 2 * Math.PI],
	['τ', 2 * Math.PI],
	['e', Math.E],
	['phi', (1 + Math.sqrt(5)) / 2],
	['φ', (1 + Math.sqrt(5)) / 2]
]);

/** A double's sine of π is 1.2e-16; nobody means that. */
function settled(value: number): number {
	return Math.abs(value) < 1e-15 ? 0 : value;
}

function real(compute: (value: number) => number): Operation {
	return { least: 1, most: 1, apply: ([value = 0n]) => checked(settled(compute(toNumber(value)))) };
}

function whole(keep: (value: number) => number): Operation {
	return {
		least: 1,
		most: 1,
		apply: ([value = 0n]) => (typeof value === 'bigint' ? value : checked(keep(value)))
	};
}

function many(apply: (values: readonly Value[]) => Value): Operation {
	return { least: 1, most: 1000, apply };
}

function pair(apply: (a: Value, b: Value) => Value): Operation {
	return { least: 2, most: 2, apply: ([a = 0n, b = 0n]) => apply(a, b) };
}

function absolute(value: Value): Value {
	return value < 0 ? -value : value;
}

function divisor(a: Value, b: Value): bigint {
	if (typeof a !== 'bigint' || typeof b !== 'bigint')
		throw new CalculationError('gcd and lcm take whole numbers.');
	let [left, right] = [a < 0n ? -a : a, b < 0n ? -b : b];
	while (right !== 0n) [left, right] = [right, left % right];
	return left;
}

function rounded([value = 0n, digits = 0n]: readonly Value[]): Value {
	if (typeof value === 'bigint') return value;
	const places = toNumber(digits);
	if (!Number.isInteger(places) || places < 0 || places > 15)
		throw new CalculationError('round takes 0 to 15 digits.');
	const shifted = Number(`${value}e${places}`);
	if (Math.abs(shifted) >= 1e15) return value;
	// 1e-7 cannot be shifted by text; it is far below any digit that is asked for.
	if (Number.isNaN(shifted)) return checked(Math.round(value * 10 ** places) / 10 ** places);
	return checked(Number(`${Math.sign(shifted) * Math.round(Math.abs(shifted))}e-${places}`));
}

function logarithm([value = 0n, base]: readonly Value[]): Value {
	if (value <= 0) throw new CalculationError('Only positive numbers have a logarithm.');
	if (base === undefined) return checked(Math.log10(toNumber(value)));
	return checked(Math.log(toNumber(value)) / Math.log(toNumber(base)));
}

const operations: ReadonlyMap<string, Operation> = new Map<string, Operation>([
	['abs', { least: 1, most: 1, apply: ([value = 0n]) => absolute(value) }],
	['sqrt', real(Math.sqrt)],
	['cbrt', real(Math.cbrt)],
	['root', pair((value, degree) => power(value, quotient(1n, degree)))],
	['exp', real(Math.exp)],
	['ln', real(Math.log)],
	['log2', real(Math.log2)],
	['log10', real(Math.log10)],
	['log', { least: 1, most: 2, apply: logarithm }],
	['sin', real(Math.sin)],
	['cos', real(Math.cos)],
	['tan', real(Math.tan)],
	['asin', real(Math.asin)],
	['acos', real(Math.acos)],
	['atan', real(Math.atan)],
	['atan2', pair((y, x) => checked(Math.atan2(toNumber(y), toNumber(x))))],
	['sinh', real(Math.sinh)],
	['cosh', real(Math.cosh)],
	['tanh', real(Math.tanh)],
	['floor', whole(Math.floor)],
	['ceil', whole(Math.ceil)],
	['trunc', whole(Math.trunc)],
	['sign', real(Math.sign)],
	['round', { least: 1, most: 2, apply: rounded }],
	['pow', pair(power)],
	['mod', pair(remainder)],
	['gcd', pair(divisor)],
	['lcm', pair((a, b) => (a === 0n || b === 0n ? 0n : absolute(quotient(product(a, b), divisor(a, b)))))],
	['factorial', { least: 1, most: 1, apply: ([value = 0n]) => factorial(value) }],
	['min', many((values) => values.reduce((least, value) => (value < least ? value : least)))],
	['max', many((values) => values.reduce((most, value) => (value > most ? value : most)))],
	['sum', many((values) => values.reduce(sum))],
	['mean', many((values) => quotient(values.reduce(sum), BigInt(values.length)))],
	['hypot', many((values) => checked(Math.hypot(...values.map(toNumber))))]
]);

export function isFunctionName(name: string): boolean {
	return operations.has(name);
}

export function callFunction(name: string, values: readonly Value[]): Value {
	const operation = operations.get(name);
	if (operation === undefined) throw new CalculationError(`“${name}” is no function.`);
	if (values.length < operation.least || values.length > operation.most) {
		const wanted =
			operation.least === operation.most
				? String(operation.least)
				: `${operation.least} to ${operation.most}`;
		throw new CalculationError(
			`“${name}” takes ${wanted} ${wanted === '1' ? 'argument' : 'arguments'}, not ${values.length}.`
		);
	}
	return operation.apply(values);
}
