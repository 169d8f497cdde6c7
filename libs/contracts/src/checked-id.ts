import { InvalidInputError, type Brand } from '@chorda/kernel';

/** Bytes of UTF-8 that an id may have: it is a key, a header and a column. */
export const idBytesMax = 256;

export function checkedId<Id extends Brand<string, string>>(what: string, text: string): Id {
  if (text === '' || Buffer.byteLength(text) > idBytesMax) {
    throw new InvalidInputError(what, [{ pointer: '', detail: `must be 1 to ${idBytesMax} bytes of UTF-8` }]);
  }
  return text as Id;
}
