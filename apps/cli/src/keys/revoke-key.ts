import { confirmed } from '../command-line/ask.js';
import type { CommandContext } from '../command-line/command-line.js';
import { exitCodes } from '../command-line/exit-codes.js';
import { CommandFailure } from '../command-line/failure.js';
import { keyStore, type KeyStoreOptions } from './key-store.js';

export interface RevokeKeyOptions extends KeyStoreOptions {
  readonly yes?: boolean;
}

export async function revokeKey(context: CommandContext, id: string, options: RevokeKeyOptions): Promise<void> {
  const { output, environment, signal } = context;
  if (options.yes !== true && !(await confirmed(`End key ${id}?`, signal))) {
    throw new CommandFailure(exitCodes.failed, 'Nothing was changed');
  }
  if (!(await keyStore(environment, options).revoke(id))) {
    const next = '`chorda keys list` shows the ids of the keys that there are.';
    throw new CommandFailure(exitCodes.notFound, `There is no key ${id} that is still valid`, next);
  }
  output.result({ id, revoked: true }, () => `${id} is revoked`);
}
