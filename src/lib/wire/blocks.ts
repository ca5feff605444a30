/**
 * Rendered text as data: what the worker's Markdown lexer makes and Svelte components draw.
 * Nothing in here is HTML. Links carry only http, https and mailto; images only own data;
 * everything else has become text before it gets here.
 */

export type Inline =
	| { readonly t: 'text'; readonly v: string }
	| { readonly t: 'code'; readonly v: string }
	| { readonly t: 'strong' | 'em' | 'del'; readonly c: readonly Inline[] }
	| { readonly t: 'br' }
	/** `href` is absolute and safe to put into `a href`. `host` is what is shown beside the text. */
	| {
			readonly t: 'link';
			readonly href: string;
			readonly host: string;
			readonly title?: string;
			readonly c: readonly Inline[];
	  }
	/** A small `data:image/…` picture that came with the text. */
	| { readonly t: 'image'; readonly src: string; readonly alt: string }
	/** A picture elsewhere: shown as a placeholder with its full address, never loaded by itself. */
	| { readonly t: 'remote-image'; readonly url: string; readonly alt: string }
	| { readonly t: 'math'; readonly tex: string };

export type Block =
	| { readonly k: 'p'; readonly c: readonly Inline[] }
	| { readonly k: 'h'; readonly level: 1 | 2 | 3 | 4 | 5 | 6; readonly c: readonly Inline[] }
	| { readonly k: 'code'; readonly lang: string; readonly text: string }
	| { readonly k: 'quote'; readonly c: readonly Block[] }
	| {
			readonly k: 'list';
			readonly ordered: boolean;
			readonly start: number;
			readonly items: readonly ListItem[];
	  }
	| {
			readonly k: 'table';
			readonly align: readonly ('left' | 'right' | 'center' | null)[];
			readonly head: readonly (readonly Inline[])[];
			readonly rows: readonly (readonly (readonly Inline[])[])[];
	  }
	| { readonly k: 'hr' }
	| { readonly k: 'math'; readonly tex: string };

export interface ListItem {
	/** Absent where the item is no task. */
	readonly checked?: boolean;
	readonly c: readonly Block[];
}

/** A highlighted piece of code: a class of a closed set (`keyword`, `string`, …; empty for plain) and its text. */
export type CodeRun = readonly [kind: string, text: string];

/** A MathML element as data; `a` holds only attributes of an allow-list. */
export interface MathNode {
	readonly n: string;
	readonly a: { readonly [name: string]: string };
	readonly c: readonly (MathNode | string)[];
}
