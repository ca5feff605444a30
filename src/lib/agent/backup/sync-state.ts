/** Whether this person's other devices hold everything too: the one place that durability asks. */

import type { Host } from '../commands/host';
import type { BackupView } from '../../wire/backup';

export function syncState({ elsewhere }: Pick<Host, 'elsewhere'>): BackupView['sync'] {
	if (elsewhere.current === undefined) return 'no-home';
	return elsewhere.isInStep() ? 'current' : 'behind';
}
