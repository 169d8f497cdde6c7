import { tenantId } from '@chorda/kernel';
import { ApiKeyRepository } from '@chorda/read-models';
import { confirmed } from '../command-line/ask.js';
import type { CommandContext } from '../command-line/command-line.js';
import { withDatabase } from '../command-line/database.js';
import { exitCodes } from '../command-line/exit-codes.js';
import { CommandFailure } from '../command-line/failure.js';

export interface RevokeKeyOptions {
  readonly tenant: string;
  readonly yes?: boolean;
}

export async function revokeKey(context: CommandContext, id: string, options: RevokeKeyOptions): Promise<void> {
  const { output, environment, signal } = context;
  const tenant = tenantId(options.tenant);
  if (options.yes !== true && !(await confirmed(`End key ${id}?`, signal))) {
    throw new CommandFailure(exitCodes.failed, 'Nothing was changed');
  }
  const revoked = await withDatabase(environment, (pool) => new ApiKeyRepository(pool).revoke(tenant, id));
  if (!revoked) {
    const next = '`chorda keys list` shows the ids of the keys that there are.';
    throw new CommandFailure(exitCodes.notFound, `Tenant ${tenant} has no key ${id} that is still valid`, next);
  }
  output.result({ id, revoked: true }, () => `${id} is revoked`);
}
