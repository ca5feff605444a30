import { describe, expect, it } from 'vitest';
import { isJsonObject, parseJson, type Json } from '../../wire/json';
import { problemText, validate } from './schema';

const person: Json = {
	type: 'object',
	properties: {
		name: { type: 'string', minLength: 1, maxLength: 5 },
		age: { type: 'integer', minimum: 0, maximum: 150 },
		tags: { type: 'array', items: { type: 'string', pattern: '^[a-z]+$' }, maxItems: 3 },
		kind: { enum: ['cat', 'dog'] },
		more: {}
	},
	required: ['name'],
	additionalProperties: false
};

function problems(value: Json, schema: Json = person): string {
	return problemText(validate(schema, value));
}

describe('validate', () => {
	it('OT-03 accepts ordinary objects, whatever they inherit', () => {
		expect(problems({ name: 'Ada', age: 36, tags: ['math'], kind: 'cat' })).toBe('');
		expect(problems({ name: 'Ada', more: { constructor: 1, toString: 'x', hasOwnProperty: null } })).toBe('');
	});

	it('names each problem by its path', () => {
		expect(problems({ age: -1, tags: ['A'], kind: 'cow', colour: 1 })).toBe(
			'name is required; age must be at least 0; tags[0] must match ^[a-z]+$; kind must be one of "cat", "dog"; colour is not known'
		);
		expect(problems([])).toBe('must be an object');
		expect(problems({ name: '' })).toBe('name must not be empty');
		expect(problems({ name: '👩👩👩👩👩' })).toBe('');
		expect(problems({ name: 'Ada', age: 1.5 })).toBe('age must be an integer');
	});

	it('refuses an own __proto__ anywhere, and nothing that is only inherited', () => {
		const hostile = parseJson('{"name": "Ada", "more": {"__proto__": {"admin": true}}}') ?? null;
		expect(problems(hostile)).toBe('has a member named __proto__');
		expect(isJsonObject(hostile) && 'admin' in hostile).toBe(false);
		expect(problems({ toString: 'x', name: 'Ada' })).toBe('toString is not known');
	});

	it('knows anyOf, oneOf, const, null and lists of types', () => {
		const either: Json = { anyOf: [{ required: ['a'] }, { required: ['b'] }] };
		expect(problems({ a: 1 }, either)).toBe('');
		expect(problems({}, either)).toBe('fits none of the allowed forms');
		expect(problems(3, { oneOf: [{ type: 'number' }, { type: 'integer' }] })).toBe(
			'must fit exactly one of the allowed forms'
		);
		expect(problems(null, { type: ['string', 'null'] })).toBe('');
		expect(problems({ b: 1, a: 2 }, { const: { a: 2, b: 1 } })).toBe('');
	});

	it('never throws and never overflows, on hostile values and hostile schemas', () => {
		let deep: Json = 1;
		for (let depth = 0; depth < 100_000; depth++) deep = [deep];
		expect(problems(deep, {})).toBe('is nested too deeply');
		expect(problems('x', { type: 'string', pattern: '(' })).toBe('must match (');
		expect(problems('x'.repeat(20_000), { pattern: '^(x+)+$' })).toBe('must have at most 10000 characters');
		expect(problems({}, { type: 'object', required: 'name', properties: 3 })).toBe('');
		expect(problems({ a: 1 }, false)).toBe('is not allowed');
	});
});
