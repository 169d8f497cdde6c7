import { specialTokens, tokenBytes, vocabularySize } from '../text/tokenizer.js';
import { seededRandom } from './random.js';

export interface TokenLogprob {
  readonly id: number;
  readonly token: string;
  readonly bytes: readonly number[];
  readonly logprob: number;
}

/** The token that was taken first, then the likeliest others: made up, but the same for the same place and token. */
export function logprobsAt(token: number, position: number, others: number): readonly TokenLogprob[] {
  const random = seededRandom(token * 8191 + position);
  let logprob = -0.05 - random() * 0.2;
  const all = [describe(token, logprob)];
  for (let offset = 1; all.length < others && offset < vocabularySize; offset += 1) {
    logprob -= 0.5 + random();
    all.push(describe((token + offset * 37) % specialTokens.endOfText, logprob));
  }
  return all;
}

function describe(id: number, logprob: number): TokenLogprob {
  // The end of a text has no text, and half a character has no text of its own.
  const bytes = id >= specialTokens.endOfText ? [] : tokenBytes(id);
  const text = Buffer.from(bytes).toString('utf8');
  return { id, token: text.includes('\ufffd') ? '' : text, bytes: text.includes('\ufffd') ? [] : bytes, logprob };
}
