/** Stands for SvelteKit's generated handler where a test needs no build. */
export default {
	fetch: (request: Request) => Promise.resolve(new Response(`kit: ${new URL(request.url).pathname}`))
};
