import type { CommandContext } from '../command-line/command-line.js';
import { exitCodes } from '../command-line/exit-codes.js';
import { CommandFailure } from '../command-line/failure.js';
import { keyStore, type KeyStoreOptions } from './key-store.js';

export async function listKeys({ output, environment }: CommandContext, options: KeyStoreOptions): Promise<void> {
  const keys = await keyStore(environment, options).list();
  output.result({ keys }, () =>
    keys.length === 0
      ? 'There are no keys.'
      : output.table(
          ['ID', 'NAME', 'STATE', 'SCOPES', 'CREATED'],
          keys.map(({ id, name, state, scopes, created_at }) => [id, name, state, scopes.join(' '), created_at]),
        ),
  );
}

export async function showKey({ output, environment }: CommandContext, id: string, options: KeyStoreOptions) {
  const key = (await keyStore(environment, options).list()).find((each) => each.id === id);
  if (key === undefined) {
    throw new CommandFailure(exitCodes.notFound, `There is no key ${id}`, '`chorda keys list` shows the ids.');
  }
  output.result(key, () =>
    Object.entries(key)
      .map(([name, value]) => `${name}: ${String(value)}`)
      .join('\n'),
  );
}
