/** The plugins that come with Wherry: one import and one line each. `npm run plugin:new` adds both. */

import calculator from './calculator/plugin';
import clock from './clock/plugin';
import demo from './demo/plugin';
import memory from './memory/plugin';
import type { PluginDefinition } from './plugin';
import self from './self/plugin';
import sessions from './sessions/plugin';
import web from './web/plugin';

export const builtInPlugins: readonly PluginDefinition[] = [
	clock,
	calculator,
	memory,
	web,
	sessions,
	self,
	demo
];
