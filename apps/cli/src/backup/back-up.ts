import { access, constants } from 'node:fs/promises';
import { BackupConflictError, createBackup, restoreBackup, type BackedUpTable } from '@chorda/read-models';
import type { CommandContext } from '../command-line/command-line.js';
import { withDatabase } from '../command-line/database.js';
import { exitCodes } from '../command-line/exit-codes.js';
import { CommandFailure } from '../command-line/failure.js';
import type { Output } from '../command-line/output.js';

export async function backUp({ output, environment }: CommandContext, file: string): Promise<void> {
  const tables = await withDatabase(environment, (pool) => createBackup(pool, file));
  tell(output, file, tables);
}

export async function putBack(
  { output, environment }: CommandContext,
  file: string,
  { replace = false }: { readonly replace?: boolean },
): Promise<void> {
  await access(file, constants.R_OK).catch((error: unknown) => {
    throw new CommandFailure(exitCodes.notFound, `There is no ${file} that you may read`, undefined, { cause: error });
  });
  try {
    tell(output, file, await withDatabase(environment, (pool) => restoreBackup(pool, file, { replace })));
  } catch (error) {
    if (!(error instanceof BackupConflictError)) throw error;
    const next = 'Restore into a new database, or add --replace to give up what is there now.';
    throw new CommandFailure(exitCodes.conflict, error.message, next, { cause: error });
  }
}

function tell(output: Output, file: string, tables: readonly BackedUpTable[]): void {
  output.result({ file, tables }, () =>
    output.table(
      ['TABLE', 'ROWS'],
      tables.map(({ table, rows }) => [table, String(rows)]),
    ),
  );
}
