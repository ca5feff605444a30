import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { CalculationError, evaluate } from './evaluate';

function result(expression: string): string {
	try {
		return evaluate(expression).result;
	} catch (thrown) {
		if (thrown instanceof CalculationError) return `error: ${thrown.message}`;
		throw thrown;
	}
}

describe('evaluate', () => {
	it.each([
		['1 + 2 * 3', '7'],
		['(1 + 2) * 3', '9'],
		['-2^2', '-4'],
		['2^3^2', '512'],
		['2^-1', '0.5'],
		['7 % 3', '1'],
		['-7 mod 3', '2'],
		['50%', '0.5'],
		['200 + 10%', '200.1'],
		['20% of 50', '10'],
		['5!', '120'],
		['3!!', '720'],
		['0.1 + 0.2', '0.3'],
		['2^64', '18446744073709551616'],
		['2^64 / 2^60', '16'],
		['10 / 4', '2.5'],
		['sqrt(16) + √9', '7'],
		['sin(pi)', '0'],
		['sin(30°)', '0.5'],
		['log(1000) + ln(e) + log2(8) + log(9, 3)', '9'],
		['round(2.345, 2)', '2.35'],
		['max(1, 2, 3) - min(4, 5)', '-1'],
		['gcd(12, 18) * lcm(4, 6)', '72'],
		['3 × 4 ÷ 2 − 1', '5'],
		['3² + 2**3', '17'],
		['1e3', '1000'],
		['12 =', '12'],
		['.5 + 5.', '5.5']
	])('%s is %s', (expression, expected) => {
		expect(result(expression)).toBe(expected);
	});

	it.each([
		['', 'error: There is nothing to calculate.'],
		['1 +', 'error: The expression ends too early.'],
		['2 3', 'error: No operation stands between “2” and “3”.'],
		['2(3)', 'error: No operation stands between “2” and “(”.'],
		['(1', 'error: A closing parenthesis is missing.'],
		['1)', 'error: There is a closing parenthesis too many.'],
		['1,000', 'error: A comma can only stand between the arguments of a function.'],
		['1/0', 'error: Nothing can be divided by zero.'],
		['sqrt(-1)', 'error: This has no result among the real numbers.'],
		['9^9^9^9', 'error: The result is too large.'],
		['1e308 * 10', 'error: The result is too large.'],
		['5000!', 'error: A factorial goes up to 1000.'],
		['alert(1)', 'error: “alert” is no function or constant.'],
		['sqrt(1, 2)', 'error: “sqrt” takes 1 argument, not 2.'],
		['1; 2', 'error: “; 2” is nothing that can be calculated.']
	])('%s gives “%s”', (expression, expected) => {
		expect(result(expression)).toBe(expected);
	});

	it('agrees with BigInt on whole numbers', () => {
		fc.assert(
			fc.property(fc.bigInt(-(10n ** 30n), 10n ** 30n), fc.bigInt(-(10n ** 30n), 10n ** 30n), (a, b) => {
				expect(result(`${a} + ${b}`)).toBe(String(a + b));
				expect(result(`(${a}) * (${b})`)).toBe(String(a * b));
			})
		);
	});

	it('only ever gives a number or says why not', () => {
		const pieces = fc.constantFrom(
			'1',
			'2.5',
			'(',
			')',
			'+',
			'-',
			'*',
			'/',
			'^',
			'!',
			'%',
			',',
			'sin',
			'pi',
			' ',
			'9e99',
			'°',
			'x'
		);
		fc.assert(
			fc.property(fc.array(pieces, { maxLength: 30 }), (list) => typeof result(list.join('')) === 'string')
		);
		expect(result('('.repeat(900))).toMatch(/nested too deeply/);
		expect(result('-'.repeat(999) + '1')).toBe('-1');
		expect(result('2^'.repeat(400) + '1')).toMatch(/^error/);
	});
});
