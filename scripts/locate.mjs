// Which file a command's name means. Elsewhere PATH says it; on Windows what is on PATH are `.cmd` files,
// which start only through a shell with quoting rules of its own: there Node runs the package's script itself.
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * The words to start a process with.
 * @param {string} command
 * @param {{platform?: string, root?: string, npm?: string | undefined}} [where]
 * @returns {[string, ...string[]]}
 */
export function locate(
	command,
	{ platform = process.platform, root = '.', npm = process.env.npm_execpath } = {}
) {
	if (platform !== 'win32' || /[\\/]/.test(command)) return [command];
	if (npm !== undefined && command === 'npm') return [process.execPath, npm];
	if (npm !== undefined && command === 'npx') return [process.execPath, join(dirname(npm), 'npx-cli.js')];
	const script = scriptOf(command, root);
	return script === undefined ? [command] : [process.execPath, script];
}

/** The `bin` of that name among the packages that this one depends on. @param {string} command @param {string} root */
function scriptOf(command, root) {
	const own = read(join(root, 'package.json'));
	for (const name of Object.keys({ ...own.dependencies, ...own.devDependencies })) {
		const folder = join(root, 'node_modules', name);
		const { bin } = read(join(folder, 'package.json'));
		const path = typeof bin === 'string' && name.split('/').at(-1) === command ? bin : bin?.[command];
		if (typeof path === 'string') return join(folder, path);
	}
	return undefined;
}

/** @param {string} path @returns {any} */
function read(path) {
	return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : {};
}
