// Proves that nothing of the server reached the built client. SvelteKit's server-only guard does not run on
// worker bundles, so the built files themselves are searched for text that only server code contains.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

const client = '.svelte-kit/output/client';

const isServer = (/** @type {string} */ path) =>
	/^src\/lib\/edge\/|\/\+(server|page\.server|layout\.server)\.ts$|^src\/hooks\.server\.ts$|\.server\.ts$|^src\/workers\/edge\.ts$/.test(
		path
	);

/** Words alone (`cache-control`) may well be somebody else's too; a phrase or something long is ours. */
const isTelling = (/** @type {string} */ text) =>
	text.length >= 24 || (text.length >= 12 && text.includes(' '));

/**
 * Canaries need no planting: every telling string that stands in server code and nowhere else.
 * @param {ReadonlyMap<string, string>} sources path → text, of the whole project
 * @returns {string[]}
 */
export function serverStrings(sources) {
	const elsewhere = [...sources].filter(([path]) => !isServer(path)).map(([, text]) => text);
	const found = new Set();
	for (const [path, text] of sources) {
		if (!isServer(path) || path.endsWith('.test.ts')) continue;
		for (const literal of literalsOf(path, text)) {
			if (isTelling(literal) && !elsewhere.some((other) => other.includes(literal))) found.add(literal);
		}
	}
	return [...found];
}

/** Strings and the fixed parts of templates, without import specifiers and types, which never reach a bundle. */
function literalsOf(/** @type {string} */ path, /** @type {string} */ text) {
	const file = ts.createSourceFile(path, text, ts.ScriptTarget.ESNext, false);
	/** @type {string[]} */
	const literals = [];
	/** @type {ts.Node[]} */
	const nodes = file.statements.filter((statement) => !ts.isImportDeclaration(statement));
	for (let node = nodes.pop(); node; node = nodes.pop()) {
		if (ts.isTypeNode(node) || ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node)) continue;
		if (ts.isStringLiteralLike(node) || ts.isTemplateHead(node) || ts.isTemplateMiddleOrTemplateTail(node)) {
			literals.push(node.text.trim());
		}
		ts.forEachChild(node, (child) => void nodes.push(child));
	}
	return literals;
}

/**
 * @param {readonly string[]} canaries
 * @param {ReadonlyMap<string, string>} built path → text
 * @returns {string[]} one line for each find
 */
export function leaks(canaries, built) {
	const lines = [];
	for (const [path, text] of built) {
		for (const canary of canaries)
			if (text.includes(canary)) lines.push(`${path} contains ${JSON.stringify(canary)}`);
	}
	return lines;
}

function textsUnder(/** @type {string} */ folder, /** @type {RegExp} */ names) {
	const texts = new Map();
	for (const name of readdirSync(folder, { recursive: true })) {
		if (names.test(String(name)))
			texts.set(join(folder, String(name)), readFileSync(join(folder, String(name)), 'utf8'));
	}
	return texts;
}

/** @type {import('./steps.mjs').Step} */
export const leakStep = {
	name: 'no server code in the client',
	run: async () => {
		const canaries = serverStrings(textsUnder('src', /\.(ts|svelte|html|css)$/));
		const built = textsUnder(client, /\.(js|css|html|json|webmanifest)$/);
		if (canaries.length === 0)
			return { ok: false, output: 'found no text that is only in server code: nothing was proved' };
		const found = leaks(canaries, built);
		return {
			ok: found.length === 0,
			output: [`note: ${canaries.length} strings of the server looked for`, ...found].join('\n')
		};
	}
};
