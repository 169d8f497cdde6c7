import { InvalidInputError } from '@chorda/kernel';

/** Where a page ended. Pages are cut by place and not by number, so rows that arrive meanwhile shift nothing. */
export interface JournalCursor {
  readonly recordTimeMs: number;
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
}

const cursorPattern = /^1;(\d{1,15});([A-Za-z0-9._-]{1,249});(\d{1,6});(\d{1,19})$/;

export function encodeCursor(cursor: JournalCursor): string {
  const { recordTimeMs, topic, partition, offset } = cursor;
  return Buffer.from(`1;${recordTimeMs};${topic};${partition};${offset}`).toString('base64url');
}

/** @throws {@link InvalidInputError} for a text that `encodeCursor` did not make. */
export function decodeCursor(text: string): JournalCursor {
  const match = cursorPattern.exec(Buffer.from(text.slice(0, 1_024), 'base64url').toString('latin1'));
  const [, time, topic, partition, offset] = match ?? [];
  if (!time || !topic || !partition || !offset || BigInt(offset) > 2n ** 63n - 1n) {
    throw new InvalidInputError('Cursor', [{ pointer: '', detail: 'must be a cursor that a page came with' }]);
  }
  return { recordTimeMs: Number(time), topic, partition: Number(partition), offset: BigInt(offset) };
}
