import { describeApi } from '$lib/edge/openapi.server';
import { json } from '@sveltejs/kit';

export const GET = () => json(describeApi());
