import { answerHome } from '$lib/edge/home/home-routes.server';
import type { RequestHandler } from './$types';

export const fallback: RequestHandler = ({ request, url, platform, getClientAddress }) =>
	answerHome(request, platform?.env ?? {}, { url, address: getClientAddress() });
