/** How a relay stands, read from what its health says. */

import type { RelayStanding } from '../../wire/commands';
import type { JsonObject } from '../../wire/json';

/** @param health as it came */
export function relayStanding(health: JsonObject): RelayStanding {
	if (health['claimed'] === true) return 'claimed';
	return health['closed'] === true ? 'locked' : 'unclaimed';
}
