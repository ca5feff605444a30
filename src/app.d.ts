declare global {
	namespace App {
		interface Platform {
			env: Env;
			ctx: { waitUntil(promise: Promise<unknown>): void };
		}
	}
}

export {};
