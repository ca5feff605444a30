/** Hands a text to the person as a file. */

export function download(file: {
	readonly name: string;
	readonly mediaType: string;
	readonly text: string;
}): void {
	downloadBlob(file.name, new Blob([file.text], { type: file.mediaType }));
}

export function downloadBlob(name: string, blob: Blob): void {
	const url = URL.createObjectURL(blob);
	const link = document.createElement('a');
	link.href = url;
	link.download = name;
	link.click();
	setTimeout(() => URL.revokeObjectURL(url), 30_000);
}
