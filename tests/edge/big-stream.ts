/** A long answer: the same bytes for the same size, characters of several bytes among them. */
export function bigStream(size: number): Uint8Array {
	const lines: string[] = [];
	for (let length = 0, i = 0; length < size; i++) {
		const line = `data: {"index":${i},"text":"größe ${'·'.repeat(i % 97)} ${(i * 2654435761) % 4294967296}"}\n\n`;
		lines.push(line);
		length += line.length;
	}
	return new TextEncoder().encode(lines.join('')).subarray(0, size);
}
