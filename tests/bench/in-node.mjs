// One benchmark in its own process: runs its `bench` and hands the lines to run.mjs.
import { pathToFileURL } from 'node:url';

const { bench } = await import(pathToFileURL(process.argv[2] ?? '').href);
const lines = await bench();
process.send?.(lines, () => process.exit(0));
