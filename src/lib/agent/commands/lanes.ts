/** What is asked of one session is done one after the other: two tabs may send in the same moment. */

export type InLane = <T>(sessionId: string, work: () => Promise<T>) => Promise<T>;

export function createLanes(): InLane {
	const lanes = new Map<string, Promise<unknown>>();
	return (sessionId, work) => {
		const next = (lanes.get(sessionId) ?? Promise.resolve()).then(work, work);
		lanes.set(sessionId, next);
		const leave = (): void => {
			if (lanes.get(sessionId) === next) lanes.delete(sessionId);
		};
		void next.then(leave, leave);
		return next;
	};
}
