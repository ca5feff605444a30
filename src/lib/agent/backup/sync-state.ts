/** Whether this person's other devices hold everything too: the one place that durability asks. */

import type { BackupView } from '../../wire/backup';

/** No device has a home yet: whoever connects one answers here. */
export function syncState(): BackupView['sync'] {
	return 'no-home';
}
