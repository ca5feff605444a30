/**
 * Others who may write into a shared session. What they write is theirs: `participant:{name}` stands as its author,
 * and `participants` among the sources of whatever came from it. What the gate makes of that is in `decide.ts`.
 */

import { participantSource, type Labels } from '../../wire/labels';

const prefix = 'participant:';

export const participant = (name: string): string => prefix + name;

/** Undefined for everybody else. */
export function participantName(principal: string): string | undefined {
	return principal.startsWith(prefix) ? principal.slice(prefix.length) : undefined;
}

/** Private, as the whole session is: what they ask for and what is answered goes out to all who follow. */
export const participantLabels: Labels = {
	integrity: 'untrusted',
	private: true,
	sources: [participantSource]
};
