/**
 * Token buckets, one a principal and kind (trust.md C13). In memory only: an object that was restarted
 * starts with full ones, which costs at most one burst, where a row a request would cost a write each.
 */

export interface BucketSize {
	/** Asked at once at most. */
	readonly burst: number;
	readonly perMinute: number;
}

export const bucketSizes = {
	provider: { burst: 20, perMinute: 60 },
	fetch: { burst: 40, perMinute: 120 },
	mcp: { burst: 60, perMinute: 240 },
	push: { burst: 60, perMinute: 1 },
	mail: { burst: 20, perMinute: 1 / 3 },
	share: { burst: 30, perMinute: 0.5 },
	/** Of one share, by everybody who reads it. */
	link: { burst: 600, perMinute: 600 },
	own: { burst: 60, perMinute: 120 },
	/** Failures of one address: ten in a quarter of an hour. */
	failure: { burst: 10, perMinute: 10 / 15 },
	claim: { burst: 5, perMinute: 5 / 60 }
} as const satisfies Record<string, BucketSize>;
export type BucketKind = keyof typeof bucketSizes;

/** Seconds until it may be asked again. */
export interface Refusal {
	readonly retryAfter: number;
}

export interface Buckets {
	/** Undefined where it may go on; then one is taken. */
	take(kind: BucketKind, principal: string, now: number): Refusal | undefined;
	/** As `take`, but leaves the bucket as it is. */
	look(kind: BucketKind, principal: string, now: number): Refusal | undefined;
}

/** More principals than this at once are an attack: the oldest are forgotten. */
const maximumBuckets = 20_000;

export function createBuckets(): Buckets {
	const levels = new Map<string, { level: number; at: number }>();

	function ask(kind: BucketKind, principal: string, now: number, cost: number): Refusal | undefined {
		const { burst, perMinute } = bucketSizes[kind];
		const name = `${kind} ${principal}`;
		const known = levels.get(name) ?? { level: burst, at: now };
		const level = Math.min(burst, known.level + (Math.max(0, now - known.at) / 60_000) * perMinute);
		if (level < 1) return { retryAfter: Math.max(1, Math.ceil(((1 - level) / perMinute) * 60)) };
		if (cost === 0) return undefined;
		levels.delete(name);
		levels.set(name, { level: level - cost, at: now });
		if (levels.size > maximumBuckets) {
			for (const oldest of levels.keys()) {
				levels.delete(oldest);
				break;
			}
		}
		return undefined;
	}
	return {
		take: (kind, principal, now) => ask(kind, principal, now, 1),
		look: (kind, principal, now) => ask(kind, principal, now, 0)
	};
}
