/**
 * Arithmetic, worked out by a parser: nothing is ever run as code. Whole numbers stay exact
 * (BigInt) as long as the operations allow; everything else is a double, shown to 15 digits.
 *
 *   sum     = product (('+' | '-') product)*
 *   product = signed (('*' | '/' | '%' | 'mod' | 'of') signed)*
 *   signed  = ('+' | '-')* power
 *   power   = postfix ('^' signed)?          so -2^2 = -4 and 2^3^2 = 512
 *   postfix = atom ('!' | '%' | '°')*        a % before another number is the remainder
 */

import { callFunction, constants, isFunctionName } from './functions';
import {
	CalculationError,
	factorial,
	negate,
	power,
	product,
	quotient,
	remainder,
	sum,
	toText,
	type Value
} from './numbers';

export { CalculationError } from './numbers';

const maximumLength = 1000;
const maximumNesting = 100;

type Token =
	| { readonly kind: 'number'; readonly text: string; readonly at: number }
	| { readonly kind: 'name'; readonly text: string; readonly at: number }
	| { readonly kind: 'sign'; readonly text: string; readonly at: number };

/** Throws CalculationError with a sentence that says what is wrong and where. */
export function evaluate(expression: string): { readonly result: string; readonly isExact: boolean } {
	if (expression.length > maximumLength)
		throw new CalculationError(`The expression is longer than ${maximumLength} characters.`);
	const value = new Parser(tokenize(expression)).whole();
	return { result: toText(value), isExact: typeof value === 'bigint' };
}

const lookalikes: Readonly<Record<string, string>> = {
	'×': '*',
	'·': '*',
	'∗': '*',
	'÷': '/',
	'−': '-',
	'–': '-',
	'²': '^2',
	'³': '^3',
	'**': '^'
};

function tokenize(expression: string): readonly Token[] {
	const source = expression
		.replaceAll(/\*\*|[×·∗÷−–²³]/g, (sign) => lookalikes[sign] ?? sign)
		.replace(/\s*=\s*$/, '');
	const pattern = /\s*(?:((?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?)|(√|[a-zπτφ][a-z0-9]*)|([-+*/%^!(),°]))/iy;
	const tokens: Token[] = [];
	while (pattern.lastIndex < source.trimEnd().length) {
		const at = pattern.lastIndex;
		const [, number, name, sign] = pattern.exec(source) ?? [];
		if (number !== undefined) tokens.push({ kind: 'number', text: number, at });
		else if (name !== undefined) tokens.push({ kind: 'name', text: name.toLowerCase(), at });
		else if (sign !== undefined) tokens.push({ kind: 'sign', text: sign, at });
		else
			throw new CalculationError(
				`“${source.slice(at).trim().slice(0, 12)}” is nothing that can be calculated.`
			);
	}
	return tokens;
}

class Parser {
	private place = 0;
	private nesting = 0;

	constructor(private readonly tokens: readonly Token[]) {}

	whole(): Value {
		if (this.tokens.length === 0) throw new CalculationError('There is nothing to calculate.');
		const value = this.sum();
		const rest = this.tokens[this.place];
		if (rest === undefined) return value;
		if (rest.text === ')') throw new CalculationError('There is a closing parenthesis too many.');
		if (rest.text === ',')
			throw new CalculationError('A comma can only stand between the arguments of a function.');
		const before = this.tokens[this.place - 1]?.text ?? '';
		throw new CalculationError(`No operation stands between “${before}” and “${rest.text}”.`);
	}

	private sum(): Value {
		let value = this.product();
		for (let sign = this.take('+', '-'); sign !== undefined; sign = this.take('+', '-')) {
			const right = this.product();
			value = sum(value, sign === '+' ? right : negate(right));
		}
		return value;
	}

	private product(): Value {
		let value = this.signed();
		for (
			let sign = this.take('*', '/', '%', 'mod', 'of');
			sign !== undefined;
			sign = this.take('*', '/', '%', 'mod', 'of')
		) {
			const right = this.signed();
			if (sign === '/') value = quotient(value, right);
			else if (sign === '%' || sign === 'mod') value = remainder(value, right);
			else value = product(value, right);
		}
		return value;
	}

	private signed(): Value {
		let isNegative = false;
		for (let sign = this.take('+', '-'); sign !== undefined; sign = this.take('+', '-'))
			isNegative = isNegative !== (sign === '-');
		const value = this.power();
		return isNegative ? negate(value) : value;
	}

	private power(): Value {
		const base = this.postfix();
		if (this.take('^') === undefined) return base;
		return this.nested(() => power(base, this.signed()));
	}

	private postfix(): Value {
		let value = this.atom();
		for (;;) {
			if (this.take('!') !== undefined) value = factorial(value);
			else if (this.take('°') !== undefined) value = product(value, Math.PI / 180);
			else if (this.tokens[this.place]?.text === '%' && !this.startsValue(this.tokens[this.place + 1])) {
				this.place++;
				value = quotient(value, 100n);
			} else return value;
		}
	}

	private atom(): Value {
		const token = this.tokens[this.place++];
		if (token === undefined) throw new CalculationError('The expression ends too early.');
		if (token.kind === 'number')
			return /^\d+$/.test(token.text) ? BigInt(token.text) : finite(Number(token.text));
		if (token.text === '(') return this.nested(() => this.closed(this.sum()));
		if (token.text === '√') return this.nested(() => callFunction('sqrt', [this.postfix()]));
		if (token.kind === 'sign') throw new CalculationError(`A number is missing before “${token.text}”.`);
		const constant = constants.get(token.text);
		if (constant !== undefined) return constant;
		if (!isFunctionName(token.text))
			throw new CalculationError(`“${token.text}” is no function or constant.`);
		if (this.take('(') === undefined)
			throw new CalculationError(`“${token.text}” needs its arguments in parentheses.`);
		return this.nested(() => callFunction(token.text, this.list()));
	}

	private list(): readonly Value[] {
		if (this.take(')') !== undefined) return [];
		const values = [this.sum()];
		while (this.take(',') !== undefined) values.push(this.sum());
		this.closed(0n);
		return values;
	}

	private closed(value: Value): Value {
		if (this.take(')') === undefined) throw new CalculationError('A closing parenthesis is missing.');
		return value;
	}

	private nested(work: () => Value): Value {
		if (++this.nesting > maximumNesting) throw new CalculationError('The expression is nested too deeply.');
		const value = work();
		this.nesting--;
		return value;
	}

	private startsValue(token: Token | undefined): boolean {
		if (token === undefined || token.text === 'of' || token.text === 'mod') return false;
		return token.kind !== 'sign' || token.text === '(';
	}

	private take(...texts: readonly string[]): string | undefined {
		const text = this.tokens[this.place]?.text;
		if (text === undefined || !texts.includes(text)) return undefined;
		this.place++;
		return text;
	}
}

function finite(value: number): number {
	if (!Number.isFinite(value)) throw new CalculationError('A number is too large.');
	return value;
}
