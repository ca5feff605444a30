// `npm run dev`: vite's development server, with the platform's bindings from wrangler.toml.
import { run } from './run.mjs';

process.on('SIGINT', () => {});
const { code } = await run('vite', ['dev', ...process.argv.slice(2)]);
process.exitCode = code;
