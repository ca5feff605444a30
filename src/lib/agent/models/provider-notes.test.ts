import { expect, it } from 'vitest';
import { notesOf } from './provider-notes';
import { providers } from './providers';

it('says of every provider what it takes, and of none that it does not know', () => {
	for (const id of providers.keys()) expect(notesOf(id).takes, id).not.toBe('');
	expect(notesOf('constructor').takes).toBe('');
});
