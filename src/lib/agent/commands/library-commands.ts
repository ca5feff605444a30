/** Commands about all sessions, files, texts, skills and settings. */

import { AppError } from '../../wire/errors';
import type { FilePart } from '../../wire/entries';
import type { Handlers } from './session-commands';
import { cleanLine } from '../sessions/titles';
import type { Host } from './host';
import { sha256Bytes } from '../policy/hashes';
import { keepBlobs } from '../storage/keep-blobs';

const maximumFileBytes = 20 * 1024 * 1024;
const maximumImportCharacters = 512 * 1024 * 1024;

/** Chunks of their own: few people ask for them in a session. */
const interchange = () => import('./interchange');
const sharing = () => import('./sharing');

export function createLibraryCommands(host: Host): Handlers {
	return {
		async 'sessions.import'({ name, text }) {
			if (text.length > maximumImportCharacters)
				throw new AppError('import/unreadable', { message: 'This file is too large to import.' });
			return (await interchange()).importSessions(host, { name, text });
		},
		async 'backup.change'(change) {
			const { changeBackup } = await import('./backup');
			return changeBackup(host, change);
		},
		'share.create': async (input) => (await sharing()).createShare(host, input),
		'share.revoke': async ({ shareId }) => (await sharing()).revokeShare(host, shareId),
		'share.import': async (input) => (await sharing()).importShare(host, input),
		async 'file.attach'({ name, mediaType, bytes }) {
			if (bytes.byteLength > maximumFileBytes) {
				throw new AppError('input/invalid', { message: 'Files up to 20 MB can be attached.' });
			}
			const blob = sha256Bytes(bytes);
			const part: FilePart = {
				type: 'file',
				blob,
				// `gpj.exe` behind a direction override reads `exe.jpg`.
				name: cleanLine(name).slice(0, 200),
				mediaType,
				size: bytes.byteLength
			};
			await host.store.commit({
				epoch: host.epoch(),
				put: [{ table: 'blobs', key: blob, row: { v: 1, bytes, mediaType, size: bytes.byteLength } }],
				delete: keepBlobs([blob])
			});
			return part;
		},
		async 'providers.saveKey'({ provider, key, baseUrl }) {
			const result = await host.providers.saveKey(provider, key, baseUrl);
			host.bus.publish({ kind: 'changed', what: 'providers' });
			return result;
		},
		async 'providers.removeKey'({ provider }) {
			await host.providers.removeKey(provider);
			host.bus.publish({ kind: 'changed', what: 'providers' });
			return null;
		},
		'providers.probe': ({ provider, model }) => host.providers.probe(provider, model),
		async 'providers.configure'({ provider, ...change }) {
			await host.providers.configure(provider, change);
			host.bus.publish({ kind: 'changed', what: 'providers' });
			return null;
		},
		async 'providers.chain'(chain) {
			if (chain !== null) {
				await host.providers.setChain(chain);
				host.bus.publish({ kind: 'changed', what: 'providers' });
			}
			return host.providers.chain();
		},
		async 'skills.enable'({ action, enabled }) {
			await host.catalog.setEnabled(action, enabled);
			host.bus.publish({ kind: 'changed', what: 'skills' });
			return null;
		},
		async 'settings.set'({ name, value }) {
			await host.settings.set(name, value);
			host.bus.publish({ kind: 'changed', what: 'settings' });
			return null;
		}
	};
}

/** Reads that any tab can answer. */
export function createLibraryReads(host: Host): Handlers {
	return {
		async 'sessions.list'(query) {
			return host.repository.list(query);
		},
		'sessions.search': ({ text, limit }) => host.search.search(text, { limit: limit ?? 10 }),
		'session.export': async (input) => (await interchange()).exportFile(host, input),
		'sessions.export': async () =>
			(await interchange()).exportFile(host, { sessionId: null, format: 'jsonl' }),
		'share.preview': async (input) => (await sharing()).previewShare(host, input),
		'share.list': async () => (await sharing()).listShares(host),
		async 'backup.ask'(ask) {
			const { askBackup } = await import('./backup');
			return askBackup(host, ask);
		},
		async 'file.read'({ blob }) {
			const row = await host.store.get('blobs', blob);
			if (
				typeof row !== 'object' ||
				row === null ||
				!('bytes' in row) ||
				!(row.bytes instanceof Uint8Array)
			) {
				throw new AppError('entry/not-found', { message: 'This file is not on this device.' });
			}
			const mediaType =
				'mediaType' in row && typeof row.mediaType === 'string' ? row.mediaType : 'application/octet-stream';
			return { bytes: new Uint8Array(row.bytes), mediaType };
		},
		async 'text.highlight'({ lang, text }) {
			const { highlight } = await import('../render/highlight');
			return highlight(lang, text);
		},
		async 'text.math'({ tex, display }) {
			const { mathTree } = await import('../render/math');
			return mathTree(tex, display);
		},
		'providers.list': () => host.providers.cards(),
		'models.list': () => host.providers.options(),
		'skills.list': () => Promise.resolve(host.catalog.list()),
		'skills.check': ({ action, args }) => Promise.resolve(host.catalog.problems(action, args)),
		'settings.get': ({ name }) => Promise.resolve(host.settings.get(name) ?? null)
	};
}
