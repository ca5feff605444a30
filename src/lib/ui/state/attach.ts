/** Files from a button, a drop, a paste or a camera: into the worker's keeping, then onto the message. */

import { m } from '../../paraglide/messages';
import { app } from './app.svelte';

const maximumBytes = 20_000_000;

export async function attach(files: readonly File[]): Promise<void> {
	for (const file of files) {
		if (file.size > maximumBytes) {
			app.toasts.show(m.file_too_large({ name: file.name }));
			continue;
		}
		const part = await app.run('file.attach', {
			name: file.name === '' ? m.pasted_file() : file.name,
			mediaType: file.type === '' ? 'application/octet-stream' : file.type,
			bytes: new Uint8Array(await file.arrayBuffer())
		});
		if (part === undefined) return;
		const others = app.composer.files.filter((one) => one.blob !== part.blob);
		app.composer.files = [...others, part];
		app.composer.changed();
	}
}
