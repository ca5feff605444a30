/** Commands about the relay that this page came from. All of it is a chunk that hardly anybody needs twice. */

import { AppError } from '../../wire/errors';
import type { RelayAccess } from '../home/relay-access';
import type { AgentPorts } from '../ports';
import type { Handlers } from './session-commands';

export interface RelayCommandParts {
	readonly ports: AgentPorts;
	readonly origin: string | undefined;
	readonly access: (() => Promise<RelayAccess>) | undefined;
	/** Who may use which key has changed. */
	readonly changed: () => Promise<void>;
}

export function relayReads({ ports, origin, access }: RelayCommandParts): Handlers {
	return {
		async 'relay.view'() {
			if (access === undefined || origin === undefined) throw new AppError('relay/no-home');
			const { viewRelay } = await import('../home/relay-home');
			return viewRelay(await access(), (address) => ports.fetch(address), origin);
		}
	};
}

export function relayWrites({ access, changed }: RelayCommandParts): Handlers {
	return {
		async 'relay.change'(change) {
			if (access === undefined) throw new AppError('relay/no-home');
			const { changeRelay } = await import('../home/relay-home');
			const made = await changeRelay(await access(), change);
			await changed();
			return made;
		}
	};
}
