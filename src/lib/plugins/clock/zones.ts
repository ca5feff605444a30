/** Time zones as people name them. */

import { AppError } from '../../wire/errors';

/** An IANA name, or a city that is in one: `new york` finds `America/New_York`. Throws `skill/failed`. */
export function findZone(wanted: string): string {
	const name = `/${wanted.trim().replaceAll(' ', '_').toLowerCase()}`;
	const zones = ['UTC', ...Intl.supportedValuesOf('timeZone')];
	const zone = zones.find((one) => `/${one}`.toLowerCase().endsWith(name));
	if (zone !== undefined) return zone;
	throw new AppError('skill/failed', { message: `No time zone is called ${wanted}.`, retryable: false });
}
