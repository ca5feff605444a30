/** What page and agent say to each other about backups, and how little of a folder's handle is needed. No schema here. */

import type { KeptBackups } from './backup-api';

/** Where a backup key comes from. A passphrase can be guessed at by whoever holds the bytes: it never goes with the relay. */
export type BackupSecretKind = 'code' | 'passphrase';

/** As much of `FileSystemFileHandle` as a backup needs. */
export interface BackupFileHandle {
	readonly name: string;
	getFile(): Promise<Blob>;
	createWritable(): Promise<{
		write(bytes: Uint8Array<ArrayBuffer>): Promise<void>;
		close(): Promise<void>;
		abort(): Promise<void>;
	}>;
	/** Not in every browser that has the rest. */
	move?(name: string): Promise<void>;
}

/** As much of `FileSystemDirectoryHandle` as a backup needs; the handle itself is what is kept. */
export interface BackupFolderHandle {
	readonly name: string;
	getFileHandle(name: string, options?: { create?: boolean }): Promise<BackupFileHandle>;
	removeEntry(name: string): Promise<void>;
	keys(): AsyncIterable<string>;
	/** Absent where a folder needs no permission. */
	queryPermission?(options: { mode: 'readwrite' }): Promise<string>;
	requestPermission?(options: { mode: 'readwrite' }): Promise<string>;
}

export interface PlaceState {
	/** 0: never. */
	readonly at: number;
	/** Why the last attempt there failed, in the words of the table of errors; empty where it did not. */
	readonly problem: string;
}

export interface BackupView {
	/** Null: no key yet, so that nothing is backed up. */
	readonly kind: BackupSecretKind | null;
	readonly folder:
		| (PlaceState & {
				readonly name: string;
				readonly needsPermission: boolean;
				/** To ask for the permission again, which only a page can. */
				readonly handle: BackupFolderHandle;
		  })
		| null;
	/** Null: switched off. */
	readonly relay: PlaceState | null;
	/** The newest backup anywhere, a downloaded one too; 0: none. */
	readonly at: number;
	/** Sealed bytes of the newest backup. */
	readonly size: number;
	readonly sessions: number;
	/** One before it that held far more sessions, which stays until the person says that this is right. */
	readonly fuller: { readonly at: number; readonly sessions: number } | null;
	/** Sessions written to since the newest backup. */
	readonly changedSince: number;
	/** Whether this person's other devices hold all of it too. */
	readonly sync: 'no-home' | 'behind' | 'current';
	/** 0–1 while one is being made. */
	readonly progress: number | null;
	/** Keys of providers go along. */
	readonly withKeys: boolean;
}

/** At the relay by its name there; null: the newest. */
export type BackupSource = { readonly file: Blob } | { readonly relay: number | null };

/** What would happen without the person being asked: an action that is always allowed, or where a provider's requests go. */
export type BackedUpPermission =
	| {
			readonly action: string;
			readonly destination?: string;
			/** JSON: with exactly these. */
			readonly args?: string;
	  }
	| { readonly provider: string; readonly address: string };

/** What a backup holds, before anything of it is written here. */
export interface BackupContents {
	readonly madeAt: number;
	readonly sessions: number;
	/** Of the sessions last written to, a few. */
	readonly titles: readonly string[];
	readonly files: number;
	readonly memories: number;
	readonly settings: number;
	/** Of providers. */
	readonly keys: number;
	/** What comes back only with `withPermissions`. */
	readonly permissions: readonly BackedUpPermission[];
	/** Made with the key that this very device backs up with: by the same person. */
	readonly isOwn: boolean;
	readonly size: number;
	/** Pieces that do not open; with any, a part of it is lost. */
	readonly damaged: number;
	/** Its end is missing. */
	readonly isCut: boolean;
}

export interface BackupRestored {
	readonly sessions: number;
	readonly messages: number;
	readonly files: number;
	/** Memory, settings, rules and the like. */
	readonly others: number;
	/** Messages that waited to be sent, and are drafts of their sessions now. */
	readonly unsent: number;
	/** Permissions that were not asked for. */
	readonly withheld: number;
	/** Was here already. */
	readonly already: number;
}

/** Any tab may ask; nothing is written but a note of when. */
export type BackupAsk =
	| { readonly what: 'view' }
	/** A fresh recovery code, not kept. */
	| { readonly what: 'code' }
	| { readonly what: 'look'; readonly from: BackupSource; readonly secret: string };
export interface BackupAnswer {
	readonly view?: BackupView;
	readonly code?: string;
	readonly contents?: BackupContents;
	/** Which one of the relay's was looked into, and all that there are, newest first. */
	readonly relay?: { readonly at: number; readonly kept: KeptBackups };
}

export type BackupChange =
	| { readonly what: 'setUp'; readonly kind: BackupSecretKind; readonly secret: string }
	| { readonly what: 'folder'; readonly handle: BackupFolderHandle | null }
	| { readonly what: 'relay'; readonly isOn: boolean }
	| { readonly what: 'withKeys'; readonly isOn: boolean }
	/** That the newest has far fewer sessions is right: the one before it need not stay. */
	| { readonly what: 'fewer' }
	/** To every place that is set up. */
	| { readonly what: 'now' }
	/** For the person to keep: the sealed bytes. */
	| { readonly what: 'download' }
	/** Forgets the key and the places; backups that were made stay where they are. */
	| { readonly what: 'forget' }
	| {
			readonly what: 'restore';
			readonly from: BackupSource;
			readonly secret: string;
			/** Also what it permits; absent: none of that. */
			readonly withPermissions?: boolean;
	  };
export interface BackupDone {
	readonly file?: { readonly name: string; readonly blob: Blob };
	readonly restored?: BackupRestored;
}
