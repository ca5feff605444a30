import { shareDocument } from '$lib/edge/share-document.server';
import type { RequestHandler } from './$types';

export const GET: RequestHandler = () => shareDocument();
