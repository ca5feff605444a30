/** This device's id: made once, kept with the data it signs. */

import type { Device, Ids } from '../ports';
import { toAppError } from '../../wire/errors';
import type { Store } from './store';

export async function readDevice(store: Store, ids: Ids): Promise<Device> {
	for (;;) {
		const row = await store.get('meta', 'device');
		if (typeof row === 'object' && row !== null && 'deviceId' in row && typeof row.deviceId === 'string') {
			return { id: row.deviceId };
		}
		const epochRow = await store.get('meta', 'epoch');
		const epoch =
			typeof epochRow === 'object' &&
			epochRow !== null &&
			'epoch' in epochRow &&
			typeof epochRow.epoch === 'number'
				? epochRow.epoch
				: 0;
		const deviceId = ids.next();
		try {
			await store.commit({
				epoch,
				expect: [{ table: 'meta', key: 'device', absent: true }],
				put: [{ table: 'meta', key: 'device', row: { v: 1, deviceId } }]
			});
			return { id: deviceId };
		} catch (thrown) {
			// Another tab was first: read what it made.
			const { id } = toAppError(thrown);
			if (id !== 'storage/conflict' && id !== 'storage/stale-epoch') throw thrown;
		}
	}
}
