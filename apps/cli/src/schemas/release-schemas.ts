import { releaseSchemas } from '@chorda/contracts';
import type { CommandContext } from '../command-line/command-line.js';
import { exitCodes } from '../command-line/exit-codes.js';
import { CommandFailure } from '../command-line/failure.js';
import { repositoryRoot } from './repository.js';

export interface ReleaseCommandOptions {
  readonly replace?: boolean;
}

export function releaseAllSchemas({ output }: CommandContext, options: ReleaseCommandOptions): Promise<void> {
  const root = repositoryRoot();
  if (root === undefined) {
    const next = 'Go to the folder that you cloned Chorda into, and run it there.';
    throw new CommandFailure(exitCodes.usage, 'There are no schemas here to release', next);
  }
  const released = releaseSchemas(root, { replace: options.replace === true });
  output.result({ released }, () =>
    released.length === 0
      ? 'Every schema was released already'
      : [...released.map(({ record, version, path }) => `${record} version ${version}: ${path}`)].join('\n'),
  );
  if (released.length > 0) output.note('Now run `npm run contracts:generate` and commit both.');
  return Promise.resolve();
}
