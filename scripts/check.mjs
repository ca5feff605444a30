// `npm run check`: what must be green before a commit; under a minute.
import { add, describe, runSteps } from './steps.mjs';
import { prepare, staticChecks } from './static-checks.mjs';
import { nodeTests } from './suites.mjs';

const sum = await runSteps([prepare]);
add(sum, await runSteps([...staticChecks, nodeTests()], 2));
console.log(describe(sum));
process.exitCode = sum.failed > 0 ? 1 : 0;
