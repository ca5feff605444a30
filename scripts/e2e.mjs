// `npm run test:e2e [-- playwright's arguments]`: builds if something changed, then the end-to-end tests alone.
import { build } from './build.mjs';
import { run } from './run.mjs';

const { code, output } = await build();
if (code !== 0) console.error(output);
process.exitCode = code || (await run('playwright', ['test', ...process.argv.slice(2)])).code;
