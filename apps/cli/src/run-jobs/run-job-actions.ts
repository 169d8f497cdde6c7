import type { CommandContext } from '../command-line/command-line.js';
import { exitCodes } from '../command-line/exit-codes.js';
import { CommandFailure } from '../command-line/failure.js';
import { gatewayClient } from '../command-line/gateway.js';
import { toJson } from '../command-line/output.js';

export interface StartJobOptions {
  readonly where: readonly string[];
  readonly max: number;
  readonly reason?: string;
  readonly hard?: boolean;
  readonly compensate?: boolean;
  readonly wait?: boolean;
}

const client = ({ environment }: CommandContext) => gatewayClient(environment).runJobs;
const actions = ['pause', 'resume', 'cancel', 'retry'] as const;
const pollMs = 500;

export async function startJob(context: CommandContext, said: string, options: StartJobOptions): Promise<void> {
  const action = actions.find((one) => one === said);
  if (action === undefined) {
    throw new CommandFailure(exitCodes.usage, `The action must be one of ${actions.join(', ')}`, `It is "${said}".`);
  }
  const { where, max, reason, hard, compensate, wait = false } = options;
  const wanted = {
    ...{ action, where: conditionsOf(where), runs_max: max },
    ...(reason !== undefined && { reason }),
    ...(hard !== undefined && { hard }),
    ...(compensate !== undefined && { compensate }),
  };
  let job = await client(context).create(wanted, { signal: context.signal });
  while (wait && job.status === 'running' && !context.signal.aborted) {
    await new Promise((resolve) => setTimeout(resolve, pollMs));
    job = await client(context).get(job.job_id, { signal: context.signal });
  }
  context.output.result(job, () => toJson(job, 2));
}

export async function listJobs(context: CommandContext): Promise<void> {
  const items = await client(context).list({ signal: context.signal });
  const { output } = context;
  output.result({ items }, () =>
    output.table(
      ['JOB', 'ACTION', 'STATUS', 'RUNS', 'ACCEPTED', 'REFUSED', 'CREATED'],
      items.map((job) => [
        ...[job.job_id, job.action, job.status, String(job.runs), String(job.accepted), String(job.refused)],
        job.created_at,
      ]),
    ),
  );
}

export async function showJob(context: CommandContext, id: string): Promise<void> {
  const job = await client(context).get(id, { signal: context.signal });
  context.output.result(job, () => toJson(job, 2));
}

export async function cancelJob(context: CommandContext, id: string): Promise<void> {
  const job = await client(context).cancel(id, { signal: context.signal });
  context.output.result(job, () => toJson(job, 2));
}

function conditionsOf(where: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    where.map((text) => {
      const at = text.indexOf('=');
      if (at > 0) return [text.slice(0, at), text.slice(at + 1)];
      throw new CommandFailure(exitCodes.usage, `--where must be field=value`, `It is "${text}".`);
    }),
  );
}
