/** OpenAPI 3.1 from the same schemas that parse the requests. */

import * as z from 'zod/mini';
import { parseJson, type Json, type JsonObject } from '../wire/json';
import { edgeRoutes, failureSchema, type EdgeRoute } from './routes';

export function describeApi(): JsonObject {
	const paths: Record<string, JsonObject> = {};
	for (const route of edgeRoutes) {
		paths[route.path] = Object.fromEntries(
			route.methods.map((method) => [method.toLowerCase(), operation(route)])
		);
	}
	return {
		openapi: '3.1.0',
		info: {
			title: 'Wherry',
			version: '1',
			description: 'What the edge lends an agent that lives in a browser tab.'
		},
		paths,
		components: { schemas: { Failure: jsonSchema(failureSchema, 'output') } }
	};
}

function operation(route: EdgeRoute): JsonObject {
	const parameters: Json[] = [...route.path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => ({
		name,
		in: 'path',
		required: true,
		schema: { type: 'string' }
	}));
	for (const [name, value] of Object.entries(route.requires ?? {})) {
		parameters.push({ name, in: 'header', required: true, schema: { type: 'string', const: value } });
	}
	return {
		summary: route.summary,
		...(parameters.length === 0 ? {} : { parameters }),
		...(route.request === undefined
			? {}
			: {
					requestBody: {
						required: true,
						content: { 'application/json': { schema: jsonSchema(route.request, 'input') } }
					}
				}),
		responses: {
			'200': route.data === undefined ? { description: route.answer ?? '' } : envelope(route.data),
			default: {
				description: 'What went wrong.',
				content: { 'application/json': { schema: { $ref: '#/components/schemas/Failure' } } }
			}
		}
	};
}

function envelope(data: z.core.$ZodType): JsonObject {
	const properties = { ok: { const: true }, data: jsonSchema(data, 'output') };
	const schema = { type: 'object', properties, required: ['ok', 'data'] };
	return { description: 'Done.', content: { 'application/json': { schema } } };
}

function jsonSchema(schema: z.core.$ZodType, io: 'input' | 'output'): Json {
	const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, { io });
	// Through JSON: what it makes carries a hidden property that is not data.
	return parseJson(JSON.stringify(rest)) ?? {};
}
