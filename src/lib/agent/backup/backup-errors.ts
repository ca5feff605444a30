/** Why a backup does not open: one id, a sentence for each reason. In words, as the table of errors is part of every start. */

import { AppError } from '../../wire/errors';

const unreadable = (code: string, message: string, cause?: unknown): AppError =>
	new AppError('backup/unreadable', { message, data: { code }, ...(cause === undefined ? {} : { cause }) });

export const foreign = (): AppError => unreadable('foreign', 'This file is no backup of Wherry\u2019s.');
export const newer = (): AppError =>
	unreadable('newer', 'This backup was made by a newer Wherry: load the page again, then open it.');
export const wrongSecret = (): AppError =>
	unreadable('wrong-secret', 'This code or passphrase does not open this backup.');
export const noCode = (cause: unknown): AppError =>
	unreadable(
		'no-code',
		'This is no whole recovery code: it has 34 letters and digits. Compare each group.',
		cause
	);
export const damaged = (): AppError =>
	unreadable('damaged', 'This backup is damaged: not one piece of it opens.');
export const notThere = (): AppError => unreadable('not-there', 'The relay has no backup for this code.');
export const failed = (message: string): AppError => new AppError('backup/failed', { message });
