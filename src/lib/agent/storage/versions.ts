/**
 * The database's versions. A version only ever adds tables; rows change by upcasting on read
 * (`sessions/upcast.ts`), never here. A new table is one line at the end of this list.
 */

import type { Table } from './store';

export interface DatabaseVersion {
	readonly version: number;
	readonly adds: readonly Table[];
}

export const databaseVersions: readonly DatabaseVersion[] = [
	{
		version: 1,
		adds: [
			'meta',
			'sessions',
			'entries',
			'segments',
			'turns',
			'steps',
			'effects',
			'streams',
			'approvals',
			'undo',
			'blobs',
			'drafts',
			'queue',
			'plugins',
			'vault',
			'settings',
			'rules',
			'audit',
			'search',
			'fibers'
		]
	},
	{ version: 2, adds: ['ops'] }
];
