import { describe, expect, it } from 'vitest';
import { argumentsOf, draftOf, fieldFor, fieldsOf } from './fields';

const schema = {
	type: 'object',
	properties: {
		text: { type: 'string', title: 'What to keep', description: 'One fact', maxLength: 2000 },
		zone: { type: 'string', maxLength: 60 },
		count: { type: ['integer', 'null'], default: 3 },
		isLoud: { type: 'boolean' },
		isKept: { type: 'boolean', default: true },
		size: { enum: ['small', 'large', 3] },
		tags: { type: 'array', items: { type: 'string' } },
		marks: { type: 'array', items: { type: 'number' } },
		place: {
			type: 'object',
			properties: { city: { type: 'string', maxLength: 50 } },
			required: ['city']
		},
		more: { type: 'array', items: { type: 'object' } }
	},
	required: ['text', 'tags']
};
const fields = fieldsOf(schema);

describe('a form from a schema', () => {
	it('has a field of the fitting kind for each property', () => {
		expect(fields.map(({ path, kind }) => `${path} ${kind}`)).toEqual([
			'text lines',
			'zone line',
			'count number',
			'isLoud switch',
			'isKept switch',
			'size choice',
			'tags list',
			'marks list',
			'place group',
			'more json'
		]);
	});

	it('names them in words, the schema’s own first, and says what is required', () => {
		expect(fields.map(({ label }) => label).slice(0, 4)).toEqual([
			'What to keep',
			'Zone',
			'Count',
			'Is loud'
		]);
		expect(fields.filter(({ isRequired }) => isRequired).map(({ name }) => name)).toEqual(['text', 'tags']);
	});

	it('begins with what is known, else with the defaults', () => {
		const draft = draftOf(fields, { text: 'tea', tags: ['a', 'b'], place: { city: 'Porto' }, size: 3 });
		expect(draft).toMatchObject({
			text: 'tea',
			tags: 'a\nb',
			'place.city': 'Porto',
			size: '3',
			count: '3',
			isKept: true,
			isLoud: false
		});
	});

	it('gives back the arguments it was made from', () => {
		const args = {
			text: 'tea',
			count: 4,
			isLoud: true,
			isKept: false,
			size: 'small',
			tags: ['a', 'b'],
			marks: [1, 2.5],
			place: { city: 'Porto' },
			more: [{ a: 1 }]
		};
		expect(argumentsOf(fields, draftOf(fields, args))).toEqual({ args, problems: [] });
	});

	it('leaves out what is empty, and keeps what is no number for the check to name', () => {
		const draft = { ...draftOf(fields, {}), count: 'many', marks: '1\nx', text: '  ' };
		expect(argumentsOf(fields, draft).args).toEqual({
			count: 'many',
			isKept: true,
			tags: [],
			marks: [1, 'x']
		});
	});

	it('says what cannot be read', () => {
		const draft = { ...draftOf(fields, {}), more: '[{' };
		expect(argumentsOf(fields, draft).problems).toEqual([
			{ path: 'more', problem: 'cannot be read as JSON' }
		]);
	});

	it('finds the field that a problem is about', () => {
		expect(fieldFor('place.city', fields)?.path).toBe('place.city');
		expect(fieldFor('tags[2]', fields)?.path).toBe('tags');
		expect(fieldFor('more[0].x', fields)?.path).toBe('more');
		expect(fieldFor('', fields)).toBeUndefined();
	});

	it('has no field where there is nothing to say', () => {
		expect(fieldsOf({ type: 'object', properties: {}, additionalProperties: false })).toEqual([]);
		expect(fieldsOf({})).toEqual([]);
	});
});
