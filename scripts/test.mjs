// `npm test`: everything. `--deep` (npm run test:deep) repeats the random and the violent ones more often.
import { build } from './build.mjs';
import { leakStep } from './canary.mjs';
import { sizeStep } from './size.mjs';
import { prepare, staticChecks } from './static-checks.mjs';
import { add, describe, runSteps } from './steps.mjs';
import { builtTests, edgeTests, endToEndTests, nodeTests } from './suites.mjs';

// Tests read these: `full` tries every cut of every recording, `deep` many more seeds and kills.
process.env.WHERRY_FULL = '1';
if (process.argv.includes('--deep')) process.env.WHERRY_DEEP = '1';

const buildStep = {
	name: 'build',
	run: async () => {
		const { code, output } = await build();
		return { ok: code === 0, output };
	}
};

const sum = await runSteps([prepare]);
add(sum, await runSteps(staticChecks, 2));
add(sum, await runSteps([nodeTests({ faults: true }), edgeTests()]));
const built = await runSteps([buildStep]);
add(sum, built);
// What follows reads the build: without one it would only say the same thing three times.
if (built.failed === 0) add(sum, await runSteps([sizeStep, leakStep, builtTests(), endToEndTests()]));

console.log(describe(sum));
process.exitCode = sum.failed > 0 ? 1 : 0;
