/**
 * TeX to MathML, as data: elements and attributes of a closed list, lengths within bounds, nothing
 * that links, styles or loads. The reader (temml) is a lazy chunk. Total: null where the formula
 * cannot be read, too long or too large; its source is shown then.
 */

import type { MathNode } from '../../wire/blocks';

const MAX_TEX = 10_000;
const MAX_NODES = 4000;
const MAX_DEPTH = 80;
/** No rule or space may be larger, in em; a negative space could lay a formula over other text. */
const MAX_EM = 20;
const MIN_EM = -2;

const ELEMENTS = new Set(
	'math mrow mi mn mo ms mtext mspace mfrac msqrt mroot msub msup msubsup munder mover munderover mmultiscripts mprescripts mtable mtr mtd mpadded mphantom mstyle'.split(
		' '
	)
);

const WORDS = new Set(
	'display displaystyle scriptlevel mathvariant stretchy fence separator form largeop movablelimits symmetric accent accentunder columnspan rowspan columnalign'.split(
		' '
	)
);
const LENGTHS = new Set(
	'lspace rspace minsize maxsize linethickness width height depth voffset rowspacing columnspacing'.split(' ')
);

/** Em of one unit; a relative or unknown unit is dropped. */
const UNITS = new Map([
	['em', 1],
	['rem', 1],
	['ex', 0.45],
	['mu', 1 / 18],
	['pt', 0.1],
	['px', 0.0625],
	['pc', 1.2],
	['mm', 0.24],
	['cm', 2.4],
	['in', 6]
]);

/** The formula as a tree whose root is `math`, or null. */
export async function mathTree(tex: string, display: boolean): Promise<MathNode | null> {
	if (tex.length > MAX_TEX || tex.trim() === '') return null;
	try {
		const { default: temml } = await import('temml');
		const tree: unknown = temml.__renderToMathMLTree(tex, {
			displayMode: display,
			throwOnError: true,
			trust: false,
			maxExpand: 200,
			annotate: false
		});
		const budget = { nodes: MAX_NODES };
		const [root] = convert(tree, 0, budget);
		return root !== undefined && typeof root !== 'string' && root.n === 'math' ? root : null;
	} catch {
		return null;
	}
}

/** Usually one node; an element that is not on the list gives way to its children. */
function convert(node: unknown, depth: number, budget: { nodes: number }): (MathNode | string)[] {
	if (depth > MAX_DEPTH || --budget.nodes < 0) throw new Error('This formula is too large.');
	if (typeof node !== 'object' || node === null) return [];
	if ('text' in node && typeof node.text === 'string') return node.text === '' ? [] : [node.text];
	if (!('children' in node) || !Array.isArray(node.children)) return [];
	const c = node.children.flatMap((child) => convert(child, depth + 1, budget));
	const name = 'type' in node && typeof node.type === 'string' ? node.type : '';
	if (name === 'none') return [{ n: 'mrow', a: {}, c: [] }];
	if (!ELEMENTS.has(name)) return c;
	return [{ n: name, a: attributesOf(node), c }];
}

function attributesOf(node: object): { readonly [name: string]: string } {
	const kept: Record<string, string> = {};
	const given: unknown = 'attributes' in node ? node.attributes : undefined;
	if (typeof given === 'object' && given !== null) {
		for (const [name, raw] of Object.entries(given)) {
			const value = safeValue(name, String(raw));
			if (value !== null) kept[name] = value;
		}
	}
	const classes = 'classes' in node && Array.isArray(node.classes) ? node.classes : [];
	// temml marks alignment, among others, by class; the page gives a few of these a meaning.
	const known = classes.filter(
		(name): name is string => typeof name === 'string' && /^tml-[a-z]{1,20}$/.test(name)
	);
	if (known.length > 0) kept['class'] = known.join(' ');
	return kept;
}

function safeValue(name: string, value: string): string | null {
	if (WORDS.has(name)) return /^[a-z0-9 +-]{1,40}$/i.test(value) ? value : null;
	if (!LENGTHS.has(name)) return null;
	const lengths = value.trim().split(/\s+/).slice(0, 20).map(boundedLength);
	return lengths.includes(null) ? null : lengths.join(' ');
}

function boundedLength(value: string): string | null {
	const parts = /^([+-]?(?:\d{1,6}(?:\.\d{0,6})?|\.\d{1,6}))([a-z]{2,3})?$/.exec(value);
	if (parts === null) return null;
	const number = Number(parts[1]);
	const unit = UNITS.get(parts[2] ?? 'em');
	if (unit === undefined) return null;
	const em = number * unit;
	if (em > MAX_EM) return `${MAX_EM}em`;
	if (em < MIN_EM) return `${MIN_EM}em`;
	return number === 0 ? '0' : `${Number(em.toFixed(4))}em`;
}
