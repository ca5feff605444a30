/** Whether an address can be reached from this machine, or this house, only. */
export function isOnlyHere(hostname: string): boolean {
	const host = hostname.toLowerCase();
	return (
		host === 'localhost' ||
		host === '[::1]' ||
		/\.(?:localhost|local|internal|lan|home\.arpa)$/.test(host) ||
		/^(?:127|10)\.|^192\.168\.|^169\.254\.|^172\.(?:1[6-9]|2\d|3[01])\./.test(host)
	);
}
