import { expect, test } from 'vitest';
import { seeded } from '../../../../tests/contract/random';
import { safeText } from './live-text';
import { createMask } from './mask';
import { createOwnSecrets } from './own-secrets';

/** Of no shape at all, and not one run. */
const own = 'a1B2!mine$one"twoA1B2';
const mask = () => createMask(createOwnSecrets([own]));
const keys = [
	own,
	`postgres://app:a1B2!c3@host/x`,
	`Bearer a1B2%c3D4~e5F6g7H8i9J0k1L2`,
	`sk-ant-${'a1B2c3D4'.repeat(6)}`,
	`ghp_${'a1B2c3D4e5'.repeat(4)}`,
	`AKIA${'A1B2C3D4E5F6G7H8'}`,
	`eyJ${'a1B2c3D4e5'.repeat(3)}.eyJ${'a1B2c3D4e5'.repeat(3)}.${'a1B2c3D4e5'.repeat(400)}`,
	`-----BEGIN RSA PRIVATE KEY-----\n${'a1B2c3D4e5F6'.repeat(20)}\n${'a1B2c3D4e5F6'.repeat(5)}\n-----END RSA PRIVATE KEY-----`
];

test('of a text that is being written, what may leave never holds a piece of a secret, and is a beginning of what may at the end', () => {
	const random = seeded('live text');
	for (let round = 0; round < 300; round++) {
		const key = random.pick(keys);
		const before = 'the kettle is on. '.repeat(random.int(4));
		const after = random.pick([' and the tea is in the tin.', '.', '\nNext line\n', '']);
		const whole = `${before}${random.pick(['', 'key=', '"', '('])}${key}${after}`;
		const end = mask().text(whole);
		let at = 0;
		while (at < whole.length) {
			at += 1 + random.int(40);
			const safe = safeText(whole.slice(0, at), mask());
			expect(end.startsWith(safe) || safe === '').toBe(true);
			for (const piece of ['a1B2', 'A1B2', 'BEGIN']) expect(safe).not.toContain(piece);
		}
	}
});

test('a plain text follows word by word, a fence of actions waits, other code does not', () => {
	expect(safeText('one two thr', createMask())).toBe('one two ');
	expect(safeText('one two three. ', createMask())).toBe('one two three. ');
	expect(safeText('今日はお茶を', createMask())).toBe('今日はお茶を');
	for (const open of [
		'```wherry-action\n{"a":',
		'~~~ action\n{',
		'```open-think-action\n{',
		'```wher',
		'```'
	])
		expect(safeText(`I look.\n${open}`, createMask())).toBe('I look.');
	expect(safeText('See:\n```js\nlet a = 1;\n', createMask())).toBe('See:\n```js\nlet a = 1;\n');
});
