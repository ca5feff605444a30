import { answerProviders } from '$lib/edge/relay-providers.server';
import type { RequestHandler } from './$types';

export const GET: RequestHandler = ({ request, url, platform, getClientAddress }) =>
	answerProviders(request, platform?.env ?? {}, { url, address: getClientAddress() });
