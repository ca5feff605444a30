/** Hands a text to the person as a file. */

export function download(file: {
	readonly name: string;
	readonly mediaType: string;
	readonly text: string;
}): void {
	const url = URL.createObjectURL(new Blob([file.text], { type: file.mediaType }));
	const link = document.createElement('a');
	link.href = url;
	link.download = file.name;
	link.click();
	setTimeout(() => URL.revokeObjectURL(url), 30_000);
}
