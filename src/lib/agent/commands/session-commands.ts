/** Commands about one session: open, say, branch, decide, undo. Thin: each calls one thing and answers. */

import type { CommandInput, CommandName, CommandOutput } from '../../wire/commands';
import { AppError } from '../../wire/errors';
import { isUuidv7 } from '../../wire/uuid';
import { readTurn, readUndo } from '../journal/read-records';
import type { SessionFacts } from '../sessions/records';
import { truncateTitle } from '../sessions/titles';
import { findSecret } from '../vault/secret-scan';
import type { PageView } from '../view/page-view';
import type { Host } from './host';
import type { Turns } from './turns';

export type Handlers = {
	readonly [K in CommandName]?: (input: CommandInput<K>, commandId: string) => Promise<CommandOutput<K>>;
};

export function createSessionCommands(host: Host, turns: Turns): Handlers {
	/** A session that another tab began is not stored before its first message. */
	const loadHere = (sessionId: string): ReturnType<Host['repository']['load']> =>
		openOrBegin(host, { sessionId, temporary: false, begin: isUuidv7(sessionId) });

	async function setFacts(sessionId: string, patch: Partial<SessionFacts>): Promise<void> {
		const loaded = await loadHere(sessionId);
		if (loaded.facts.entryCount === 0 && loaded.record.origin === undefined) {
			// Not stored yet: its first message takes the settings along.
			host.repository.apply([], host.repository.setFacts(loaded.record, patch, host.lamport.next()));
			host.bus.publish({ kind: 'applied', record: loaded.record, entries: [] });
			return;
		}
		const writer = await host.writer(sessionId);
		await writer.commit(() => ({ facts: patch }));
	}

	/** What a command makes is named by the command, so that one that is sent again finds it made. */
	const idFor = (commandId: string): string => (isUuidv7(commandId) ? commandId : host.ports.ids.next());

	return {
		async 'session.send'({ sessionId, text, files, whenRunning, allowSecret }, commandId) {
			if (text.trim() === '' && files.length === 0)
				throw new AppError('input/invalid', { message: 'There is nothing to send.' });
			const secret = allowSecret === true ? undefined : findSecret(text);
			if (secret !== undefined) {
				throw new AppError('vault/secret-in-message', {
					data: { provider: secret.provider ?? null, start: secret.start, end: secret.end }
				});
			}
			await loadHere(sessionId);
			return turns.send(sessionId, {
				id: idFor(commandId),
				text,
				files,
				...(whenRunning === undefined ? {} : { whenRunning })
			});
		},
		async 'session.stop'({ sessionId }) {
			await turns.stop(sessionId);
			return null;
		},
		async 'session.unqueue'({ sessionId, id }) {
			await turns.unqueue(sessionId, id);
			return null;
		},
		async 'session.edit'({ sessionId, entryId, text, files }, commandId) {
			const entry = (await loadHere(sessionId)).entry(entryId);
			const kept = entry?.parts.filter((part) => part.type === 'file') ?? [];
			return {
				entryId: await turns.edit(sessionId, entryId, { id: idFor(commandId), text, files: files ?? kept })
			};
		},
		async 'session.retry'({ sessionId, entryId, model }, commandId) {
			await turns.answer(sessionId, entryId, {
				turnId: idFor(commandId),
				...(model === undefined ? {} : { model })
			});
			return null;
		},
		async 'session.fork'({ sessionId, entryId }, commandId) {
			const id = idFor(commandId);
			if ((await host.repository.record(id)) !== null) return { sessionId: id };
			const record = { ...(await host.repository.fork(sessionId, entryId, host.lamport.next())), id };
			await host.store.commit({
				epoch: host.epoch(),
				put: [{ table: 'sessions', key: record.id, row: record }, host.lamport.write()]
			});
			host.bus.publish({ kind: 'sessions' });
			return { sessionId: record.id };
		},
		async 'session.switch'({ sessionId, entryId, ifAway }) {
			const { tree, facts } = await loadHere(sessionId);
			if (!tree.has(entryId)) throw new AppError('entry/not-found');
			if (ifAway === true && facts.head !== null && tree.isAncestor(entryId, facts.head)) return null;
			await setFacts(sessionId, { head: tree.newestLeaf(entryId) });
			return null;
		},
		async 'session.compact'({ sessionId, upTo }, commandId) {
			const { compactSession } = await import('./compact-session');
			return compactSession(host, await loadHere(sessionId), { id: idFor(commandId), upTo });
		},
		async 'session.configure'({ sessionId, mode, model, effort, webSearch }) {
			await setFacts(sessionId, {
				...(mode === undefined ? {} : { mode }),
				...(model === undefined ? {} : { model }),
				...(effort === undefined ? {} : { effort }),
				...(webSearch === undefined ? {} : { webSearch })
			});
			return null;
		},
		async 'session.draft'({ sessionId, text, files }) {
			const { record } = await loadHere(sessionId);
			// A key that was pasted by mistake is not written down, not even as a draft.
			if (record.temporary || findSecret(text) !== undefined) return null;
			const isEmpty = text === '' && files.length === 0;
			await host.store.commit({
				epoch: host.epoch(),
				...(isEmpty
					? { delete: [{ table: 'drafts' as const, key: sessionId }] }
					: { put: [{ table: 'drafts' as const, key: sessionId, row: { v: 1, text, files } }] })
			});
			return null;
		},
		async 'session.update'({ sessionId, title, folder, tags, ...change }) {
			// Nobody would see what it goes on to do, or be there to answer it.
			if (change.hidden === true) await turns.stop(sessionId);
			await setFacts(sessionId, {
				...change,
				...(title === undefined ? {} : { title: truncateTitle(title), titleBy: 'user' as const }),
				...(folder === undefined ? {} : { folder: truncateTitle(folder) }),
				...(tags === undefined ? {} : { tags: tags.map(truncateTitle).filter((tag) => tag !== '') })
			});
			host.bus.publish({ kind: 'sessions' });
			return null;
		},
		async 'call.decide'({ approvalId, decision }) {
			await turns.decide(approvalId, decision);
			return null;
		},
		async 'call.undo'({ effectKey }) {
			const undo = await readUndo(host.store, effectKey);
			if (undo?.state !== 'open') throw new AppError('entry/not-found');
			const { undoCall } = await import('./undo');
			await undoCall(host, undo);
			return null;
		},
		async 'call.redo'({ effectKey }) {
			const undo = await readUndo(host.store, effectKey);
			if (undo?.state !== 'undone') throw new AppError('entry/not-found');
			const { redoCall } = await import('./undo');
			await redoCall(host, undo);
			return null;
		},
		async 'turn.undo'({ sessionId, turnId }) {
			const { undoTurn } = await import('./undo');
			return undoTurn(host, await loadHere(sessionId), turnId);
		}
	};
}

/** Commands that any tab answers from the store by itself. */
export function createReadCommands(host: Host, view: PageView): Handlers {
	return {
		async 'session.open'({ sessionId, at, temporary, begin }) {
			const loaded = await openOrBegin(host, {
				sessionId,
				temporary: temporary ?? false,
				begin: begin ?? false
			});
			const { tree, facts } = loaded;
			const wanted = at === undefined || !tree.has(at) ? undefined : at;
			const isAway = wanted !== undefined && (facts.head === null || !tree.isAncestor(wanted, facts.head));
			await view.open(loaded, isAway ? tree.newestLeaf(wanted) : undefined);
			const ord = wanted === undefined ? undefined : view.ordOf(wanted);
			return { sessionId: loaded.record.id, ...(ord === undefined ? {} : { ord }) };
		},
		async 'session.range'({ from, to }) {
			return view.range(from, to);
		},
		async 'session.tree'({ sessionId }) {
			const { sessionTree } = await import('./session-reads');
			return sessionTree(await host.repository.load(sessionId));
		},
		async 'session.trace'({ sessionId, turnId }) {
			const watched = view.trace(turnId);
			if (watched[0]?.event.type === 'turn-start') return watched;
			const turn = await readTurn(host.store, turnId);
			if (turn === undefined) return watched;
			const loaded = await host.repository.load(sessionId);
			const { storedTrace } = await import('../view/stored-trace');
			return storedTrace(turn, loaded.branch(turn.tail));
		},
		async 'call.payload'({ sessionId, entryId, callId }) {
			const { callPayload } = await import('./session-reads');
			return callPayload(await host.repository.load(sessionId), entryId, callId);
		},
		async 'call.preview'({ sessionId, approvalId }) {
			const { callPreview } = await import('./previews');
			return callPreview(host, sessionId, approvalId);
		},
		async 'undo.preview'({ sessionId, ...which }) {
			const { undoPreviews } = await import('./previews');
			return undoPreviews(host, (await host.repository.load(sessionId)).branch(), which);
		}
	};
}

async function openOrBegin(
	host: Host,
	{
		sessionId,
		temporary,
		begin
	}: { readonly sessionId: string | null; readonly temporary: boolean; readonly begin: boolean }
): ReturnType<Host['repository']['load']> {
	if (sessionId !== null) {
		const record = await host.repository.record(sessionId);
		if (record !== null) return host.repository.load(sessionId);
		// A draft without a message yet: the session begins with its first message.
		const isKnown = begin || (await host.store.get('drafts', sessionId)) !== undefined;
		if (!isKnown) throw new AppError('session/not-found', { data: { sessionId } });
	}
	const record = host.repository.newSession({ temporary });
	const begun = host.repository.begin(sessionId === null ? record : { ...record, id: sessionId });
	if (temporary) host.keepOffDisk(begun.record.id);
	return begun;
}
