/** The places that work, in order. A place appears only once it works. */

import Blocks from '@lucide/svelte/icons/blocks';
import KeyRound from '@lucide/svelte/icons/key-round';
import MessagesSquare from '@lucide/svelte/icons/messages-square';
import Settings from '@lucide/svelte/icons/settings-2';
import { m } from '../../paraglide/messages';

export const places = [
	{ id: 'sessions', href: '/', keys: 'g s', title: m.sessions, icon: MessagesSquare },
	{ id: 'skills', href: '/skills', keys: 'g k', title: m.skills, icon: Blocks },
	{ id: 'providers', href: '/providers', keys: 'g p', title: m.providers, icon: KeyRound },
	{ id: 'settings', href: '/settings', keys: 'g t', title: m.settings, icon: Settings }
] as const;

export type PlaceId = (typeof places)[number]['id'];

export function placeOf(path: string): PlaceId {
	return places.find((place) => place.href !== '/' && path.startsWith(place.href))?.id ?? 'sessions';
}
