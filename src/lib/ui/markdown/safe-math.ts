/**
 * What of a formula's tree may become an element. The worker has judged it already; the page does
 * not take its word, because an element name and a spread of attributes are all it takes to run code.
 */

import type { MathNode } from '../../wire/blocks';

const ELEMENTS = new Set(
	'math mrow mi mn mo ms mtext mspace mfrac msqrt mroot msub msup msubsup munder mover munderover mmultiscripts mprescripts mtable mtr mtd mpadded mphantom mstyle merror'.split(
		' '
	)
);

const ATTRIBUTES = new Set(
	'display displaystyle scriptlevel mathvariant stretchy fence separator form lspace rspace largeop movablelimits symmetric accent accentunder minsize maxsize linethickness width height depth voffset columnspan rowspan columnalign rowspacing columnspacing class'.split(
		' '
	)
);

export interface SafeMath {
	readonly name: string;
	readonly attributes: { readonly [name: string]: string };
}

/** An unknown element becomes a row; an unknown attribute goes. */
export function safeMath(node: MathNode): SafeMath {
	return {
		name: ELEMENTS.has(node.n) ? node.n : 'mrow',
		attributes: Object.fromEntries(
			Object.entries(node.a).filter(([name, value]) => ATTRIBUTES.has(name) && typeof value === 'string')
		)
	};
}
