import type { CommandContext } from '../command-line/command-line.js';
import { toJson } from '../command-line/output.js';
import { withLetters, type LetterPlace, type LetterStoreOptions } from './letter-store.js';

export type ShowOptions = LetterPlace & LetterStoreOptions;

export async function showDeadLetter(context: CommandContext, options: ShowOptions): Promise<void> {
  const whole = await withLetters(context, options, (store) => store.show(options));
  context.output.result(whole, () => toJson(whole, 2));
}
