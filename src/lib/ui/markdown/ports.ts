/** What rendered Markdown asks the worker for, handed down from the outside by context-free props. */

import type { CodeRun, MathNode } from '../../wire/blocks';

export interface RenderPorts {
	readonly highlight: (lang: string, text: string) => Promise<readonly CodeRun[]>;
	/** Null where the formula cannot be read; its source is shown then. */
	readonly math: (tex: string, display: boolean) => Promise<MathNode | null>;
}
