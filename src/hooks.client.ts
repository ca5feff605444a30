import type { HandleClientError } from '@sveltejs/kit';

/** An address that leads nowhere is no fault of the page, which says so; anything else is for whoever looks into it. */
export const handleError: HandleClientError = ({ error, status, message }) => {
	// eslint-disable-next-line no-console -- the only place where a page's own fault can be found
	if (status !== 404) console.error(error);
	return { message };
};
