import { openPayloads, payloadsEnv, readEnv } from '@chorda/platform';
import { z } from 'zod';
import { called, client } from '../agents/command-actions.js';
import type { CommandContext } from '../command-line/command-line.js';
import { exitCodes } from '../command-line/exit-codes.js';
import { CommandFailure } from '../command-line/failure.js';
import { toJson } from '../command-line/output.js';

export async function showPayload(context: CommandContext, payload: string): Promise<void> {
  const sha256 = payload.split('/').at(-1) ?? '';
  const value = await client(context).payloads.get(sha256, called(context));
  context.output.result({ sha256, value }, () => (typeof value === 'string' ? value : toJson(value)));
}

export async function checkPayloads({ output, environment }: CommandContext): Promise<void> {
  const payloads = openPayloads(readEnv(z.object(payloadsEnv), environment));
  if (payloads === undefined) {
    throw new CommandFailure(exitCodes.usage, 'CHORDA_PAYLOADS is not set: nothing is kept by reference');
  }
  const report = await payloads.check();
  if (report.damaged.length > 0) {
    const names = report.damaged.slice(0, 20).join(', ');
    const what = `${report.damaged.length} of ${report.count} payloads are damaged: ${names}`;
    throw new CommandFailure(exitCodes.failed, what, 'Put them back from a backup of the store.');
  }
  output.result(report, () => `${report.count} payloads, ${report.bytes} bytes, none damaged`);
}
