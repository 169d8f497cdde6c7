import { createInterface } from 'node:readline/promises';
import { exitCodes } from './exit-codes.js';
import { CommandFailure } from './failure.js';

/**
 * Asks before something that cannot be taken back. Only a plain yes counts.
 *
 * @throws {@link CommandFailure} where nobody is there to ask: then `--yes` has to say it.
 */
export async function confirmed(question: string, signal: AbortSignal): Promise<boolean> {
  if (!process.stdin.isTTY || !process.stderr.isTTY) {
    throw new CommandFailure(exitCodes.usage, `${question} Nobody is there to ask.`, 'Add --yes if you are sure.');
  }
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await terminal.question(`${question} [y/N] `, { signal });
    return /^y(es)?$/i.test(answer.trim());
  } finally {
    terminal.close();
  }
}
