/**
 * A sealed backup → its records, piece by piece. A chunk that does not open costs the records that stand in it
 * and no others; whether any did is known once all of it was read.
 */

import { joinBytes } from '../../wire/bytes';
import { streamNonce } from '../../wire/share-seal';
import { damaged, wrongSecret } from './backup-errors';
import { contentKeys, openBackupKey, type BackupKey, type ContentKeys } from './backup-key';
import { readHeader, type BackupHeader } from './header';
import { leadBytes, noRecord, type BackupRecord } from './seal-backup';

const tagBytes = 16;

export interface OpenedBackup {
	readonly size: number;
	/** Whether this key made it. */
	isMadeWith(key: BackupKey): Promise<boolean>;
	/** Once. Throws `backup/unreadable` where not one chunk opens. */
	records(): AsyncGenerator<BackupRecord>;
	/** Of what was read so far. */
	readonly damaged: () => number;
	/** Its end is missing, or was never written. */
	readonly isCut: () => boolean;
}

/** Throws `backup/unreadable` for another program's file, a newer format, a wrong secret. */
export async function openBackup(file: Blob, secret: string): Promise<OpenedBackup> {
	const { header, end, bound } = await readHeader(file);
	const keys = await contentKeys(await openBackupKey(secret, header.kdf), header.salt);
	if (!fits(keys, header)) throw wrongSecret();
	const sealedChunk = header.chunk + tagBytes;
	const count = Math.max(1, Math.ceil((file.size - end) / sealedChunk));
	let bad = 0;
	let isEnded = false;

	async function open(index: number, sealed: Uint8Array<ArrayBuffer>): Promise<Uint8Array | undefined> {
		const unseal = async (isLast: boolean) => {
			const how = {
				name: 'AES-GCM',
				iv: streamNonce(header.prefix, index, isLast),
				additionalData: bound
			};
			return new Uint8Array(await crypto.subtle.decrypt(how, keys.content, sealed));
		};
		try {
			if (index < count - 1) return await unseal(false);
			try {
				const plain = await unseal(true);
				isEnded = true;
				return plain;
			} catch {
				// Cut off right after a whole chunk: that one is good.
				return await unseal(false);
			}
		} catch {
			// What does not fit its tag is damaged; WebCrypto says no more than that.
			return undefined;
		}
	}

	async function* records(): AsyncGenerator<BackupRecord> {
		/** What there is of a record whose beginning was read; empty while none is open. */
		let pieces: Uint8Array[] = [];
		let held = 0;
		let isLost = false;
		for (let index = 0; index < count; index++) {
			const at = end + index * sealedChunk;
			const plain = await open(index, new Uint8Array(await file.slice(at, at + sealedChunk).arrayBuffer()));
			if (plain === undefined) {
				bad++;
				pieces = [];
				held = 0;
				isLost = true;
				continue;
			}
			const first = new DataView(plain.buffer, plain.byteOffset).getUint32(0);
			if (isLost && first === noRecord) continue;
			const piece = plain.subarray(isLost ? first : leadBytes);
			isLost = false;
			pieces.push(piece);
			held += piece.length;
			for (;;) {
				const size = sizeOf(pieces, held);
				if (size === undefined || held < size) break;
				// A chunk holds a thousand small records: they are not copied for each.
				const [only] = pieces;
				const whole = pieces.length === 1 && only !== undefined ? only : joinBytes(pieces);
				yield recordOf(whole.subarray(0, size));
				pieces = [whole.subarray(size)];
				held -= size;
			}
		}
		if (bad === count) throw damaged();
	}

	return {
		size: file.size,
		isMadeWith: async (key) => fits(await contentKeys(key, header.salt), header),
		records,
		damaged: () => bad,
		isCut: () => !isEnded
	};
}

const fits = ({ check }: ContentKeys, header: BackupHeader): boolean =>
	check.every((byte, at) => byte === header.check[at]);

/** Of the record that begins here; undefined while not even its lengths are there. */
function sizeOf(pieces: Uint8Array[], held: number): number | undefined {
	if (held < 8) return undefined;
	let [first] = pieces;
	if (first === undefined || first.length < 8) {
		first = joinBytes(pieces);
		pieces.splice(0, pieces.length, first);
	}
	const lengths = new DataView(first.buffer, first.byteOffset);
	return 8 + lengths.getUint32(0) + lengths.getUint32(4);
}

function recordOf(whole: Uint8Array): BackupRecord {
	const json = new DataView(whole.buffer, whole.byteOffset).getUint32(0);
	const bytes = whole.slice(8 + json);
	return {
		json: new TextDecoder().decode(whole.subarray(8, 8 + json)),
		...(bytes.length === 0 ? {} : { bytes })
	};
}
