/**
 * Tokens of the recorded model: one a byte, numbered like GPT-2's alphabet (printable bytes first), and three special
 * ones. So a text has as many tokens as bytes of UTF-8, and the counts of the recorded exchanges come out the same.
 */
const idOfByte = new Uint16Array(256);
const byteOfId = new Uint8Array(256);

export const specialTokens = { endOfText: 256, messageStart: 257, messageEnd: 258 } as const;
const specialTexts: Readonly<Record<number, string>> = {
  [specialTokens.endOfText]: '<|endoftext|>',
  [specialTokens.messageStart]: '<|im_start|>',
  [specialTokens.messageEnd]: '<|im_end|>',
};
export const vocabularySize = 259;

const isPrintable = (byte: number) =>
  (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || (byte >= 174 && byte <= 255);
const bytes = Array.from({ length: 256 }, (_, byte) => byte);
for (const [id, byte] of [...bytes.filter(isPrintable), ...bytes.filter((byte) => !isPrintable(byte))].entries()) {
  idOfByte[byte] = id;
  byteOfId[id] = byte;
}

/** UTF-8 may be given as such. */
export function encode(text: string | Buffer): Uint16Array {
  const source = typeof text === 'string' ? Buffer.from(text, 'utf8') : text;
  const tokens = new Uint16Array(source.length);
  for (let index = 0; index < source.length; index += 1) tokens[index] = idOfByte[source[index] ?? 0] ?? 0;
  return tokens;
}

/** @throws RangeError for an id that no token has. */
export function decode(tokens: readonly number[]): string {
  const parts: Buffer[] = [];
  let run: number[] = [];
  for (const id of tokens) {
    if (!Number.isInteger(id) || id < 0 || id >= vocabularySize) throw new RangeError(String(id));
    const special = specialTexts[id];
    if (special === undefined) {
      run.push(byteOfId[id] ?? 0);
      continue;
    }
    parts.push(Buffer.from(run), Buffer.from(special));
    run = [];
  }
  return Buffer.concat([...parts, Buffer.from(run)]).toString('utf8');
}

/** What one token is, as logprobs and `return_token_strs` show it. */
export function tokenBytes(id: number): readonly number[] {
  const special = specialTexts[id];
  return special === undefined ? [byteOfId[id] ?? 0] : [...Buffer.from(special)];
}
