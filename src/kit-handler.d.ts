// Types of `#kit`, the request handler that SvelteKit's adapter generates. Importing the generated file
// itself would drag hundreds of errors of generated code into the type check.

declare const handler: {
	fetch(request: Request, env: Env, context: App.Platform['ctx']): Promise<Response>;
};
export default handler;
