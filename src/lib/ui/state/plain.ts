/** Blocks back to text, for the clipboard. Walks with a stack of its own: hostile nesting cannot overflow it. */

import type { Block, Inline } from '../../wire/blocks';

type Piece = string | Inline | Block;

export function plainText(blocks: readonly Block[]): string {
	const out: string[] = [];
	const stack: Piece[] = [...blocks].reverse();
	const push = (...pieces: Piece[]) => stack.push(...pieces.reverse());
	for (let piece = stack.pop(); piece !== undefined; piece = stack.pop()) {
		if (typeof piece === 'string') out.push(piece);
		else if ('t' in piece) inline(piece, push);
		else block(piece, push);
	}
	return out
		.join('')
		.replace(/\n{3,}/g, '\n\n')
		.trim();
}

function inline(piece: Inline, push: (...pieces: Piece[]) => void): void {
	switch (piece.t) {
		case 'text':
			return push(piece.v);
		case 'code':
			return push(`\`${piece.v}\``);
		case 'strong':
			return push('**', ...piece.c, '**');
		case 'em':
			return push('*', ...piece.c, '*');
		case 'del':
			return push('~~', ...piece.c, '~~');
		case 'br':
			return push('\n');
		case 'link':
			return push('[', ...piece.c, `](${piece.href})`);
		case 'image':
			return push(piece.alt);
		case 'remote-image':
			return push(`![${piece.alt}](${piece.url})`);
		case 'math':
			return push(`$${piece.tex}$`);
		default:
			piece satisfies never;
	}
}

function block(piece: Block, push: (...pieces: Piece[]) => void): void {
	switch (piece.k) {
		case 'p':
			return push(...piece.c, '\n\n');
		case 'h':
			return push(`${'#'.repeat(piece.level)} `, ...piece.c, '\n\n');
		case 'code':
			return push(`\`\`\`${piece.lang}\n${piece.text}\n\`\`\`\n\n`);
		case 'quote':
			return push('> ', ...piece.c);
		case 'list':
			return push(
				...piece.items.flatMap((item, index) => [
					piece.ordered ? `${piece.start + index}. ` : '- ',
					...(item.checked === undefined ? [] : [item.checked ? '[x] ' : '[ ] ']),
					...item.c
				])
			);
		case 'table':
			return push(
				...[piece.head, ...piece.rows].flatMap((row) => [
					...row.flatMap((cell) => ['| ', ...cell, ' ']),
					'|\n'
				]),
				'\n'
			);
		case 'hr':
			return push('---\n\n');
		case 'math':
			return push(`$$\n${piece.tex}\n$$\n\n`);
		default:
			piece satisfies never;
	}
}
