// `npm start`: builds if something changed, then serves the real Worker on this machine.
import { build } from './build.mjs';
import { run } from './run.mjs';

console.log('Building…');
const { code, output } = await build();
if (code !== 0) {
	console.error(output);
	process.exit(code);
}
// Ctrl-C reaches the whole group; the server ends by itself and we with it.
process.on('SIGINT', () => {});
const server = await run(process.execPath, ['scripts/serve.mjs', ...process.argv.slice(2)]);
process.exitCode = server.code;
