/** Whether this device was ever admitted at its relay: a row of the vault, so that nobody else's requests cost a chunk. */

/** Beside the device's key: it goes where that goes. */
export const admittedRow = 'device/relay';

/** Requests that a relay answers by who asks. */
export function isForRelay(address: string, origin: string): boolean {
	return (
		address.startsWith(origin) &&
		/^\/api\/(?:relay\/|mcp-relay\/|backups\/|shares$|pair\/.*\/recovery$|fetch$)/.test(
			address.slice(origin.length)
		)
	);
}
