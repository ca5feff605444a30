// The secrets that a deployed relay needs, and which of them are still to be made. A secret cannot be read
// back: the claim code is shown when it is made, and only then.
import { randomBytes, randomInt } from 'node:crypto';

/** What each is for; the button's page says the same (package.json). */
const needed = ['RELAY_SECRET', 'CLAIM_CODE'];
const letters = '23456789abcdefghjkmnpqrstuvwxyz';

/**
 * @param {readonly string[]} present names on the account
 * @param {{newClaimCode?: boolean, random?: {secret: () => string, code: () => string}}} [options]
 * @returns {Record<string, string>}
 */
export function missingSecrets(present, { newClaimCode = false, random = { secret, code } } = {}) {
	const missing = needed.filter((name) => !present.includes(name) || (newClaimCode && name === 'CLAIM_CODE'));
	return Object.fromEntries(
		missing.map((name) => [name, name === 'CLAIM_CODE' ? random.code() : random.secret()])
	);
}

/** A Worker with this secret was made by this script, or by the button. @param {readonly string[]} present */
export const isOurs = (present) => present.includes('RELAY_SECRET');

/**
 * Tells a claim code that was made, however its upload ends: a failure or a signal may come after it was set, and
 * nobody can read it back.
 * @template T
 * @param {string | undefined} made
 * @param {() => Promise<T>} upload
 * @returns {Promise<T>}
 */
export async function tellingCode(made, upload) {
	if (made === undefined) return await upload();
	const perhaps = () => console.log(`      If it came through all the same, the claim code is ${made}`);
	process.once('exit', perhaps);
	try {
		const value = await upload();
		// At once: what follows may fail.
		console.log(
			`\nClaim code: ${made}\nKeep it: whoever enters it first owns this relay, and it is not shown again.\n`
		);
		return value;
	} catch (thrown) {
		perhaps();
		throw thrown;
	} finally {
		process.off('exit', perhaps);
	}
}

function secret() {
	return randomBytes(32).toString('base64url');
}

/** To be typed: 28 letters that nobody confuses, 138 bits. */
function code() {
	const groups = Array.from({ length: 7 }, () =>
		Array.from({ length: 4 }, () => letters[randomInt(letters.length)]).join('')
	);
	return groups.join('-');
}
