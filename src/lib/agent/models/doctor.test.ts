import { describe, expect, it } from 'vitest';
import { createFakeClock } from '../../../../tests/fakes/ports';
import type { ModelRef } from '../../wire/entries';
import { noUsage } from '../../wire/entries';
import { AppError } from '../../wire/errors';
import type { ErrorId } from '../../wire/errors';
import { traitsOf } from './catalog';
import { probeProvider } from './doctor';
import type { DoctorDeps } from './doctor';
import { resolveTarget } from './targets';
import type { ProviderChoice } from './targets';

interface Scene {
	readonly ref?: ModelRef;
	readonly error?: ErrorId;
	readonly detail?: string;
	readonly choice?: ProviderChoice;
	readonly isAlive?: boolean;
	readonly deps?: Partial<DoctorDeps>;
}

async function probe(scene: Scene) {
	const ref = scene.ref ?? { provider: 'ollama', model: 'llama3.2' };
	let asked = 0;
	const deps: DoctorDeps = {
		clock: createFakeClock(),
		model: {
			describe: traitsOf,
			ask: () => {
				asked++;
				const error =
					scene.error === undefined
						? undefined
						: new AppError(scene.error, { data: { detail: scene.detail ?? '' } });
				return Promise.resolve({
					model: ref,
					parts: [],
					stop: error === undefined ? 'end' : 'error',
					usage: noUsage,
					...(error === undefined ? {} : { error: error.toWire() })
				});
			}
		},
		targets: (asked) => resolveTarget(asked, scene.choice ?? {}, 'https://wherry.test'),
		fetch: () =>
			scene.isAlive === true ? Promise.resolve(new Response()) : Promise.reject(new TypeError('failed')),
		pageOrigin: 'https://wherry.test',
		requestId: 'r',
		...scene.deps
	};
	const result = await probeProvider(ref, deps, new AbortController().signal);
	return { ...result, asked };
}

describe('the connection doctor', () => {
	it('says how fast a model answered', async () => {
		expect(await probe({})).toMatchObject({ ok: true, text: 'Ollama answered in 0.0 s.', findings: [] });
	});

	it('tells forbidden CORS from a server that is not there', async () => {
		const cors = await probe({ error: 'model/no-network', isAlive: true });
		expect(cors.error?.id).toBe('model/blocked-by-cors');
		expect(cors.findings[0]?.mend).toContain('OLLAMA_ORIGINS=https://wherry.test');
		const gone = await probe({ error: 'model/no-network' });
		expect(gone.findings[0]).toMatchObject({ problem: 'Nothing answers at http://localhost:11434.' });
		expect(gone.findings[0]?.mend).toContain('ollama serve');
	});

	it.each([
		['model/no-key', 'Paste a key'],
		['model/wrong-key', 'not expired'],
		['model/plan', 'Add credit'],
		['model/rate-limited', 'Try again in a minute'],
		['model/malformed-stream', 'ending in /v1']
	] as const)('knows what to do about %s', async (error, mend) => {
		const result = await probe({ ref: { provider: 'groq', model: 'x' }, error });
		expect(result.ok).toBe(false);
		expect(result.findings[0]?.mend).toContain(mend);
	});

	it('asks nothing where it can see that it would be in vain', async () => {
		const denied = await probe({ deps: { localNetworkPermission: () => Promise.resolve('denied') } });
		expect(denied).toMatchObject({ ok: false, asked: 0 });
		expect(denied.findings[0]?.mend).toContain('Local network access');
		const mixed = await probe({
			ref: { provider: 'custom', model: 'x' },
			choice: { baseUrl: 'http://models.example.org/v1' }
		});
		expect(mixed).toMatchObject({ ok: false, asked: 0 });
		expect(mixed.findings[0]?.problem).toContain('over http');
	});

	it('names what is missing when there is no address', async () => {
		const result = await probe({ ref: { provider: 'custom', model: 'x' } });
		expect(result.findings[0]?.problem).toBe('This provider needs its address.');
		expect((await probe({ ref: { provider: 'workers-ai', model: '@cf/x' } })).text).toContain('account');
	});

	it('says which model is unknown, and how to get it', async () => {
		const result = await probe({ error: 'model/not-found', detail: 'model "llama3.2" not found' });
		expect(result.findings[0]?.mend).toContain('ollama pull llama3.2');
	});
});
