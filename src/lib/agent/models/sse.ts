/**
 * Server-sent events out of bytes: a synchronous state machine after the HTML Standard,
 * "Parsing an event stream" (https://html.spec.whatwg.org/multipage/server-sent-events.html).
 * The same bytes give the same events however they are cut: inside a character, a CRLF, a field name.
 */

/** `event` is `message` where the stream names none; `id` is the last one that the stream gave. */
export type OnSseEvent = (data: string, event: string, id: string) => void;

export interface SseScanner {
	push(bytes: Uint8Array): void;
	/**
	 * The stream is over. What had no blank line after it is no event, says the standard. True where there
	 * was such a rest, so that a caller can tell a cut from an end.
	 */
	end(): boolean;
	/** Milliseconds that the stream asked to wait before a reconnection. */
	retry(): number | undefined;
}

const lineFeed = 10;
const colon = 58;
const space = 32;
const byteOrderMark = 0xfeff;

export function createSseScanner(onEvent: OnSseEvent): SseScanner {
	// One byte order mark at the very start is no text. Left to us: Node's decoder strips two where the first is cut.
	const decoder = new TextDecoder('utf-8', { ignoreBOM: true, fatal: false });
	let isAtStart = true;
	let line = '';
	let isAfterCr = false;
	let data = '';
	let hasData = false;
	let event = '';
	let lastId = '';
	let retryMs: number | undefined;

	function dispatch(): void {
		if (hasData) {
			const name = event === '' ? 'message' : event;
			const text = data;
			event = '';
			data = '';
			hasData = false;
			onEvent(text, name, lastId);
		} else {
			event = '';
		}
	}

	/** Where the value of a field that ends at `colonAt` begins; -1 where it is another, longer name. */
	function valueStart(text: string, colonAt: number, end: number): number {
		if (colonAt === end) return end;
		if (text.charCodeAt(colonAt) !== colon) return -1;
		return colonAt + 1 < end && text.charCodeAt(colonAt + 1) === space ? colonAt + 2 : colonAt + 1;
	}

	function readLine(text: string, start: number, end: number): void {
		if (start === end) {
			dispatch();
			return;
		}
		// No field name holds a line break, so a match cannot reach past the line's end.
		if (text.startsWith('data', start)) {
			const from = valueStart(text, start + 4, end);
			if (from === -1) return;
			const value = text.slice(from, end);
			data = hasData ? `${data}\n${value}` : value;
			hasData = true;
		} else if (text.startsWith('event', start)) {
			const from = valueStart(text, start + 5, end);
			if (from !== -1) event = text.slice(from, end);
		} else if (text.startsWith('id', start)) {
			const from = valueStart(text, start + 2, end);
			if (from === -1) return;
			const value = text.slice(from, end);
			if (!value.includes('\0')) lastId = value;
		} else if (text.startsWith('retry', start)) {
			const from = valueStart(text, start + 5, end);
			if (from === -1) return;
			const value = text.slice(from, end);
			if (/^[0-9]+$/.test(value)) retryMs = Number(value);
		}
	}

	function scan(chunk: string): void {
		if (chunk === '') return;
		let start = 0;
		if (isAtStart) {
			isAtStart = false;
			if (chunk.charCodeAt(0) === byteOrderMark) start = 1;
		}
		if (isAfterCr) {
			isAfterCr = false;
			if (chunk.charCodeAt(0) === lineFeed) start = 1;
		}
		let lf = chunk.indexOf('\n', start);
		let cr = chunk.indexOf('\r', start);
		while (lf !== -1 || cr !== -1) {
			let end: number;
			let next: number;
			if (cr === -1 || (lf !== -1 && lf < cr)) {
				end = lf;
				next = lf + 1;
				lf = chunk.indexOf('\n', next);
			} else {
				end = cr;
				if (lf === cr + 1) {
					next = cr + 2;
					lf = chunk.indexOf('\n', next);
				} else {
					next = cr + 1;
					// A line ends at once with its CR; a line feed that comes later belongs to it.
					if (next === chunk.length) isAfterCr = true;
				}
				cr = chunk.indexOf('\r', next);
			}
			if (line === '') {
				readLine(chunk, start, end);
			} else {
				const whole = end === start ? line : line + chunk.slice(start, end);
				line = '';
				readLine(whole, 0, whole.length);
			}
			start = next;
		}
		// Only concatenated here, never searched again: a long line in small pieces stays linear.
		if (start < chunk.length) line += start === 0 ? chunk : chunk.slice(start);
	}

	return {
		push: (bytes) => {
			scan(decoder.decode(bytes, { stream: true }));
		},
		end: () => {
			scan(decoder.decode());
			const isCut = hasData || line !== '';
			line = '';
			data = '';
			event = '';
			hasData = false;
			return isCut;
		},
		retry: () => retryMs
	};
}
