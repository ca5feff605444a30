/**
 * highlight.js with the languages that models write most, its output taken as pieces from its emitter
 * (never as HTML). Its many scopes become the few kinds that the page has colours for.
 */

import hljs from 'highlight.js/lib/core';
import bash from 'highlight.js/lib/languages/bash';
import c from 'highlight.js/lib/languages/c';
import cpp from 'highlight.js/lib/languages/cpp';
import css from 'highlight.js/lib/languages/css';
import diff from 'highlight.js/lib/languages/diff';
import go from 'highlight.js/lib/languages/go';
import java from 'highlight.js/lib/languages/java';
import javascript from 'highlight.js/lib/languages/javascript';
import json from 'highlight.js/lib/languages/json';
import markdown from 'highlight.js/lib/languages/markdown';
import python from 'highlight.js/lib/languages/python';
import rust from 'highlight.js/lib/languages/rust';
import sql from 'highlight.js/lib/languages/sql';
import typescript from 'highlight.js/lib/languages/typescript';
import xml from 'highlight.js/lib/languages/xml';
import yaml from 'highlight.js/lib/languages/yaml';
import type { CodeRun } from '../../wire/blocks';

/** Every kind that can leave this file; the page has a class for each. */
export const KINDS = [
	...['', 'addition', 'attr', 'built_in', 'comment', 'deletion', 'emphasis', 'keyword', 'literal', 'meta'],
	...[
		'name',
		'number',
		'property',
		'regexp',
		'section',
		'string',
		'strong',
		'symbol',
		'tag',
		'title',
		'type',
		'variable'
	]
] as const;

/** Scopes of highlight.js that are not kinds themselves; any other unknown one takes its parent's. */
const SCOPES = new Map<string, string>([
	...KINDS.map((kind): [string, string] => [kind, kind]),
	['attribute', 'attr'],
	['bullet', 'symbol'],
	['char', 'literal'],
	['class', 'title'],
	['code', 'string'],
	['doctag', 'keyword'],
	['formula', 'string'],
	['link', 'string'],
	['quote', 'comment'],
	['selector-attr', 'attr'],
	['selector-class', 'name'],
	['selector-id', 'name'],
	['selector-pseudo', 'keyword'],
	['selector-tag', 'tag'],
	['subst', ''],
	['template-tag', 'keyword'],
	['template-variable', 'variable']
]);

class RunEmitter {
	readonly runs: [kind: string, text: string][] = [];
	private readonly stack: string[] = [];

	addText(text: string): void {
		if (text === '') return;
		const kind = this.stack.at(-1) ?? '';
		const last = this.runs.at(-1);
		if (last !== undefined && last[0] === kind) last[1] += text;
		else this.runs.push([kind, text]);
	}

	startScope(scope: string): void {
		this.stack.push(SCOPES.get(scope.split('.', 1)[0] ?? '') ?? this.stack.at(-1) ?? '');
	}

	endScope(): void {
		this.stack.pop();
	}

	/** highlight.js calls the two by these names as well. */
	openNode(scope: string): void {
		this.startScope(scope);
	}

	closeNode(): void {
		this.endScope();
	}

	__addSublanguage(emitter: unknown): void {
		if (!(emitter instanceof RunEmitter)) return;
		for (const [kind, text] of emitter.runs) {
			this.stack.push(kind);
			this.addText(text);
			this.stack.pop();
		}
	}

	finalize(): void {}

	toHTML(): string {
		return '';
	}
}

const engine = hljs.newInstance();
engine.configure({ __emitter: RunEmitter });
for (const [name, grammar] of Object.entries({
	...{
		bash,
		c,
		cpp,
		css,
		diff,
		go,
		java,
		javascript,
		json,
		markdown,
		python,
		rust,
		sql,
		typescript,
		xml,
		yaml
	}
})) {
	engine.registerLanguage(name, grammar);
}
engine.registerAliases(['svelte', 'vue', 'svg', 'htm'], { languageName: 'xml' });
engine.registerAliases(['shell', 'console', 'sh-session'], { languageName: 'bash' });
engine.registerAliases(['scss', 'less'], { languageName: 'css' });
engine.registerAliases(['json5', 'jsonl', 'ndjson'], { languageName: 'json' });

/** Null for a language that is not among them. The pieces joined are `text`. */
export function colour(lang: string, text: string): readonly CodeRun[] | null {
	if (engine.getLanguage(lang) === undefined) return null;
	const { _emitter } = engine.highlight(text, { language: lang, ignoreIllegals: true });
	if (!(_emitter instanceof RunEmitter)) return null;
	// Whatever the grammar did, the code itself must not change.
	const joined = _emitter.runs.map(([, part]) => part).join('');
	return joined === text ? _emitter.runs : null;
}
