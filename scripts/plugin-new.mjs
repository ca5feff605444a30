// npm run plugin:new my-id — makes src/lib/plugins/my-id with a plugin that works, its test, and
// its line in plugins/index.ts. Needs nothing installed.

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const plugins = join(dirname(fileURLToPath(import.meta.url)), '..', 'src', 'lib', 'plugins');
const printWidth = 110;

/** @param {string} message @returns {never} */
function stop(message) {
	console.error(message);
	process.exit(1);
}

const [id = '', ...rest] = process.argv.slice(2);
if (rest.length > 0 || !/^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/.test(id) || id.length > 40) {
	stop('Usage: npm run plugin:new my-id   (lower-case letters, digits and single hyphens, at most 40)');
}
const folder = join(plugins, id);
if (existsSync(folder)) stop(`There is a plugin called ${id} already: src/lib/plugins/${id}`);

const action = id.replaceAll('-', '_');
const title = id.charAt(0).toUpperCase() + id.slice(1).replaceAll('-', ' ');
const phrase = id.replaceAll('-', ' ');
const variable = `${id.replaceAll(/-([a-z0-9])/g, (_, letter) => letter.toUpperCase())}Plugin`;

const plugin = `/** ${title}: say here, in one sentence, what it is for. */

import { isJsonObject } from '../../wire/json';
import { definePlugin } from '../plugin';

export default definePlugin({
	id: '${id}',
	title: '${title}',
	description: 'Says hello. Replace this with what it does.',
	capabilities: ['tools'],
	// hosts: ['api.example.org'],   // what context.fetch may reach
	actions: [
		{
			id: '${action}',
			title: 'Say hello',
			// The model decides by this text when to use it.
			description: 'Greets somebody by name.',
			input: {
				type: 'object',
				properties: { name: { type: 'string', description: 'Who is greeted', minLength: 1, maxLength: 100 } },
				required: ['name'],
				additionalProperties: false
			},
			// What it may do: [] is pure and runs in every mode. See \`Effect\` in wire/events.ts.
			effects: [],
			// What recovery does after a crash: run it again. See \`Replay\` there.
			replay: 'pure',
			phrases: ['${phrase} {name}'],
			say: (output) => (isJsonObject(output) ? String(output['greeting']) : ''),
			async run({ name }) {
				return { greeting: \`Hello, \${String(name)}!\` };
			}
		}
	]
});
`;

const test = `import { describe, expect, it } from 'vitest';
import { testPlugin } from '../../../../tests/contract/plugin';
import { createSkillsWorld } from '../../../../tests/fakes/skills-world';
import ${variable} from './plugin';

// The contract that every plugin keeps: one example input per action that must succeed.
testPlugin(${variable}, { examples: { ${action}: { name: 'Ada' } } });

describe('${id}', () => {
	it('greets by name', async () => {
		const { run } = await createSkillsWorld([${variable}]);
		expect((await run('${action}', { name: 'Ada' })).output).toEqual({ greeting: 'Hello, Ada!' });
	});
});
`;

/** The index with one import and one entry more. @param {string} source */
function withLine(source) {
	const list = /(export const builtInPlugins[^=]*= )\[([^\]]*)\];/.exec(source);
	const lastImport = source.lastIndexOf('\nimport ');
	if (list === null || lastImport < 0) return undefined;
	const entries = list[2]
		.split(',')
		.map((entry) => entry.trim())
		.filter((entry) => entry !== '');
	entries.push(variable);
	const oneLine = `${list[1]}[${entries.join(', ')}];`;
	const lines = `${list[1]}[\n${entries.map((entry) => `\t${entry}`).join(',\n')}\n];`;
	const afterImports = source.indexOf('\n', lastImport + 1) + 1;
	const head = `${source.slice(0, afterImports)}import ${variable} from './${id}/plugin';\n`;
	return head + source.slice(afterImports).replace(list[0], oneLine.length > printWidth ? lines : oneLine);
}

const index = join(plugins, 'index.ts');
const changed = withLine(readFileSync(index, 'utf8'));
if (changed === undefined) stop('src/lib/plugins/index.ts does not look as expected; nothing was written.');

mkdirSync(folder);
writeFileSync(join(folder, 'plugin.ts'), plugin);
writeFileSync(join(folder, 'plugin.test.ts'), test);
writeFileSync(index, changed);

console.log(`src/lib/plugins/${id}/plugin.ts       what it does: change this
src/lib/plugins/${id}/plugin.test.ts  its test
src/lib/plugins/index.ts${' '.repeat(Math.max(1, id.length - 1))}has it now

Test it:  npx vitest run src/lib/plugins/${id}
Try it:   npm start, then type  ${phrase} Ada`);
