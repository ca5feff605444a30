/**
 * How ready this Wherry is: a pure judgement over facts. What is counted has a weight; what cannot be had
 * here, or is not offered yet, is listed and not counted.
 */

export interface ReadinessFacts {
	/** A model besides rehearsal is ready. */
	readonly hasModel: boolean;
	/** Null: the relay did not answer. */
	readonly relay: {
		readonly claimed: boolean;
		readonly features: Readonly<
			Record<string, { readonly available: boolean; readonly reason?: string | undefined }>
		>;
	} | null;
	/** Served by this very machine. */
	readonly isLoopback: boolean;
	readonly isSecure: boolean;
	readonly isPersisted: boolean;
	readonly usageBytes: number;
	readonly quotaBytes: number;
	readonly hasLocks: boolean;
	readonly hasDatabase: boolean;
	readonly hasCrypto: boolean;
	readonly isInstalled: boolean;
	/** When everything was last exported. */
	readonly exportedAt: number | null;
	/** The newest backup; 0: none. */
	readonly backedUpAt: number;
	/** Other devices hold all of it too. */
	readonly isSynced: boolean;
	readonly hasSessions: boolean;
	readonly now: number;
}

export type CheckId =
	| 'model'
	| 'relay'
	| 'secure'
	| 'persisted'
	| 'room'
	| 'backup'
	| 'claimed'
	| 'relayKeys'
	| 'hubs'
	| 'database'
	| 'locks'
	| 'crypto'
	| 'installed'
	| 'notifications';

export type Verdict = 'met' | 'open' | 'uncounted';

/** What a person can press; `null` where only the browser or the operator can mend it. */
export type Remedy = 'connect' | 'look' | 'keep' | 'export' | 'claim' | 'configure' | null;

export interface Check {
	readonly id: CheckId;
	readonly verdict: Verdict;
	readonly remedy: Remedy;
	/** The relay's own words, where it gave any. */
	readonly reason?: string;
}

export interface Readiness {
	readonly checks: readonly Check[];
	/** 0–100. */
	readonly score: number;
	/** The first open check that something can be done about. */
	readonly next: Check | null;
}

const day = 24 * 60 * 60 * 1000;
/** A month of work is what many would be sorry to lose. */
const backupAge = 30 * day;
/** Less than this, or more than nine tenths used, and the next attachments may not fit. */
const enoughRoom = 100 * 1024 * 1024;

/** In the order in which they are recommended. */
const weights: Readonly<Record<CheckId, number>> = {
	model: 4,
	relay: 2,
	secure: 2,
	persisted: 2,
	backup: 2,
	room: 1,
	claimed: 2,
	hubs: 1,
	relayKeys: 1,
	database: 2,
	locks: 1,
	crypto: 2,
	installed: 0,
	notifications: 0
};

export function judgeReadiness(facts: ReadinessFacts): Readiness {
	const free = facts.quotaBytes - facts.usageBytes;
	const hasRoom = facts.quotaBytes === 0 || (free > enoughRoom && facts.usageBytes < 0.9 * facts.quotaBytes);
	const copiedAt = Math.max(facts.exportedAt ?? 0, facts.backedUpAt);
	const isBackedUp = facts.isSynced || (copiedAt > 0 && facts.now - copiedAt < backupAge);
	const feature = (id: CheckId, name: string): Check => {
		const found = facts.relay?.features[name];
		if (found === undefined) return check(id, 'uncounted', null);
		const reason = found.reason === undefined ? {} : { reason: found.reason };
		return { ...check(id, found.available, 'configure'), ...reason };
	};
	const checks: readonly Check[] = [
		check('model', facts.hasModel, 'connect'),
		check('relay', facts.relay !== null, 'look'),
		check('secure', facts.isSecure, null),
		check('persisted', facts.isPersisted, 'keep'),
		// Nothing written yet is nothing to lose.
		check('backup', facts.hasSessions ? isBackedUp : 'uncounted', 'export'),
		check('room', hasRoom, 'export'),
		// On one's own machine nobody else reaches it.
		check('claimed', facts.relay === null || facts.isLoopback ? 'uncounted' : facts.relay.claimed, 'claim'),
		feature('hubs', 'streams'),
		feature('relayKeys', 'relayKeys'),
		check('database', facts.hasDatabase, null),
		check('locks', facts.hasLocks, null),
		check('crypto', facts.hasCrypto, null),
		check('installed', facts.isInstalled ? true : 'uncounted', null),
		check('notifications', 'uncounted', null)
	];
	const counted = checks.filter(({ verdict }) => verdict !== 'uncounted');
	const sum = (some: readonly Check[]) => some.reduce((total, { id }) => total + weights[id], 0);
	const met = counted.filter(({ verdict }) => verdict === 'met');
	const open = counted.filter(({ verdict }) => verdict === 'open');
	return {
		checks,
		score: Math.floor((100 * sum(met)) / sum(counted)),
		next: open.find(({ remedy }) => remedy !== null) ?? open[0] ?? null
	};
}

function check(id: CheckId, found: boolean | 'uncounted', remedy: Remedy): Check {
	const verdict = found === 'uncounted' ? 'uncounted' : found ? 'met' : 'open';
	return { id, verdict, remedy: verdict === 'open' ? remedy : null };
}
