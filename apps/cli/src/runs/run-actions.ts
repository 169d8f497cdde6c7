import type { RunAnswer } from '@chorda/client';
import type { CommandContext } from '../command-line/command-line.js';
import { exitCodes } from '../command-line/exit-codes.js';
import { CommandFailure } from '../command-line/failure.js';
import { gatewayClient } from '../command-line/gateway.js';
import { toJson } from '../command-line/output.js';

export interface StartOptions {
  readonly input?: string;
  readonly key?: string;
  readonly atVersion?: number;
  readonly user?: string;
}

export interface SignalOptions {
  readonly key?: string;
  readonly data?: string;
}

export interface EndOptions {
  readonly reason?: string;
  readonly hard?: boolean;
  readonly compensate?: boolean;
}

export interface RetryOptions {
  readonly step?: string;
  readonly as: string;
  readonly output?: string;
  readonly reason?: string;
}

export interface ForkOptions {
  readonly atVersion?: string;
  readonly input?: string;
  readonly context?: string;
  readonly rerun: readonly string[];
}

export interface HistoryOptions {
  readonly after?: string;
  readonly limit: number;
  readonly branch?: string;
}

export interface TaskOptions {
  readonly user?: string;
  readonly group: readonly string[];
  readonly form?: string;
  readonly comment?: string;
  readonly release?: boolean;
}

const client = ({ environment }: CommandContext) => gatewayClient(environment);
const called = ({ signal }: CommandContext) => ({ signal });

export async function startRun(context: CommandContext, workflow: string, options: StartOptions): Promise<void> {
  const { input, key, atVersion, user } = options;
  const run = {
    ...(input !== undefined && { input: jsonOf('--input', input) }),
    ...(key !== undefined && { start_key: key }),
    ...(atVersion !== undefined && { version: atVersion }),
    ...(user !== undefined && { user_id: user }),
  };
  show(context, await client(context).runs.start(workflow, run, called(context)));
}

export async function signalRun(
  context: CommandContext,
  id: string,
  name: string,
  { key, data }: SignalOptions,
): Promise<void> {
  const said = { name, ...(key !== undefined && { key }), ...(data !== undefined && { data: jsonOf('--data', data) }) };
  show(context, await client(context).runs.signal(id, said, called(context)));
}

export async function pauseRun(context: CommandContext, id: string, { reason }: EndOptions): Promise<void> {
  show(context, await client(context).runs.pause(id, reason === undefined ? {} : { reason }, called(context)));
}

export async function resumeRun(context: CommandContext, id: string): Promise<void> {
  show(context, await client(context).runs.resume(id, called(context)));
}

export async function cancelRun(context: CommandContext, id: string, options: EndOptions): Promise<void> {
  const { reason, hard = false, compensate = false } = options;
  const how = { hard, compensate, ...(reason !== undefined && { reason }) };
  show(context, await client(context).runs.cancel(id, how, called(context)));
}

const resolutions = ['repeat', 'completed', 'failed'] as const;

export async function retryRun(context: CommandContext, id: string, options: RetryOptions): Promise<void> {
  const resolution = resolutions.find((each) => each === options.as);
  if (resolution === undefined) {
    throw new CommandFailure(
      exitCodes.usage,
      `--as must be one of ${resolutions.join(', ')}`,
      `It is "${options.as}".`,
    );
  }
  const { step, output, reason } = options;
  const how = {
    resolution,
    ...(step !== undefined && { step_id: step }),
    ...(output !== undefined && { output_data: jsonOf('--output', output) }),
    ...(reason !== undefined && { reason }),
  };
  show(context, await client(context).runs.retry(id, how, called(context)));
}

export async function forkRun(context: CommandContext, id: string, options: ForkOptions): Promise<void> {
  const { atVersion, input, context: edited, rerun } = options;
  const edits = {
    rerun: [...rerun],
    ...(atVersion !== undefined && { at_version: atVersion }),
    ...(input !== undefined && { input: jsonOf('--input', input) }),
    ...(edited !== undefined && { context: jsonOf('--context', edited) }),
  };
  show(context, await client(context).runs.fork(id, edits, called(context)));
}

export async function showRunHistory(context: CommandContext, id: string, options: HistoryOptions): Promise<void> {
  const { output } = context;
  const page = await client(context).runs.history(id, { ...called(context), ...options });
  output.result(page, () =>
    output.table(
      ['VERSION', 'TIME', 'TYPE', 'DATA'],
      page.items.map(({ stream_version, time, type, data }) => [
        stream_version,
        time,
        type,
        toJson(data).slice(0, 100),
      ]),
    ),
  );
}

export async function showRunPlan(context: CommandContext, id: string): Promise<void> {
  const plan = await client(context).runs.plan(id, called(context));
  context.output.result(plan, () => toJson(plan, 2));
}

export async function showRunReport(context: CommandContext, id: string): Promise<void> {
  const report = await client(context).runs.report(id, called(context));
  context.output.result(report, () => toJson(report, 2));
}

export async function claimTask(context: CommandContext, id: string, options: TaskOptions): Promise<void> {
  const claim = { ...personOf(options), release: options.release === true };
  show(context, await client(context).tasks.claim(id, claim, called(context)));
}

const decisions = ['approved', 'rejected', 'submitted'] as const;

export async function decideTask(
  context: CommandContext,
  id: string,
  decided: string,
  options: TaskOptions,
): Promise<void> {
  const decision = decisions.find((each) => each === decided);
  if (decision === undefined) {
    throw new CommandFailure(
      exitCodes.usage,
      `The answer must be one of ${decisions.join(', ')}`,
      `It is "${decided}".`,
    );
  }
  const { form, comment } = options;
  const answer = {
    ...personOf(options),
    decision,
    ...(form !== undefined && { form_data: jsonOf('--form', form) }),
    ...(comment !== undefined && { comment }),
  };
  show(context, await client(context).tasks.decide(id, answer, called(context)));
}

function personOf({ user, group }: TaskOptions) {
  return { groups: [...group], ...(user !== undefined && { user_id: user }) };
}

function show({ output }: CommandContext, answer: RunAnswer): void {
  output.result(answer, () => toJson(answer, 2));
}

function jsonOf(option: string, text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return value;
  } catch {
    throw new CommandFailure(
      exitCodes.usage,
      `${option} is no JSON`,
      `Put it into single quotes: ${option} '{"a":1}'.`,
    );
  }
}
