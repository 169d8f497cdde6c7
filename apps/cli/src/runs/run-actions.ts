import type { ChordaClient, RunAnswer } from '@chorda/client';
import type { CommandContext } from '../command-line/command-line.js';
import { exitCodes, type ExitCode } from '../command-line/exit-codes.js';
import { CommandFailure } from '../command-line/failure.js';
import { gatewayClient } from '../command-line/gateway.js';
import { toJson } from '../command-line/output.js';
import { exitCodeOf, followRun } from './follow-run.js';
import { planText, reportText, statusText } from './run-text.js';

export interface StartOptions {
  readonly input?: string;
  readonly key?: string;
  readonly atVersion?: number;
  readonly user?: string;
  readonly wait?: boolean;
  readonly timeout: number;
}

export interface PlanOptions {
  readonly follow?: boolean;
  readonly timeout: number;
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

export async function startRun(
  context: CommandContext,
  workflow: string,
  options: StartOptions,
): Promise<ExitCode | void> {
  const { input, key, atVersion, user } = options;
  const run = {
    ...(input !== undefined && { input: jsonOf('--input', input) }),
    ...(key !== undefined && { start_key: key }),
    ...(atVersion !== undefined && { version: atVersion }),
    ...(user !== undefined && { user_id: user }),
  };
  const api = client(context);
  const answer = await api.runs.start(workflow, run, called(context));
  const id = idOf(answer);
  if (options.wait !== true || id === undefined) {
    const before = 'started_before' in answer && answer.started_before === true ? ', as it was started before' : '';
    show(
      context,
      answer,
      () => `Run ${id ?? ''} of ${workflow} is ${statusText(context.output, answer.status ?? 'taken')}${before}`,
    );
    if (id !== undefined) context.output.note(`Follow it: chorda runs plan ${id} --follow`);
    return;
  }
  context.output.note(`Run ${id} of ${workflow}`);
  return untilEnded(context, api, id, options.timeout);
}

function idOf(answer: RunAnswer): string | undefined {
  return 'workflow_id' in answer ? answer.workflow_id : undefined;
}

/** Shows each step as it comes and goes, and at the end the report. */
async function untilEnded(
  context: CommandContext,
  api: ChordaClient,
  id: string,
  timeoutSeconds: number,
): Promise<ExitCode> {
  const plan = await followRun(context, api, id, { untilMs: Date.now() + timeoutSeconds * 1_000 });
  const report = await api.runs.report(id, called(context));
  context.output.result(report, () => reportText(context.output, report));
  return exitCodeOf(plan);
}

export async function signalRun(
  context: CommandContext,
  id: string,
  name: string,
  { key, data }: SignalOptions,
): Promise<void> {
  const said = { name, ...(key !== undefined && { key }), ...(data !== undefined && { data: jsonOf('--data', data) }) };
  const answer = await client(context).runs.signal(id, said, called(context));
  const isTaken = 'taken' in answer && answer.taken === true;
  show(context, answer, () => (isTaken ? `A step took ${name}` : `${name} is kept until a step takes it`));
}

export async function pauseRun(context: CommandContext, id: string, { reason }: EndOptions): Promise<void> {
  showRun(context, id, await client(context).runs.pause(id, reason === undefined ? {} : { reason }, called(context)));
}

export async function resumeRun(context: CommandContext, id: string): Promise<void> {
  showRun(context, id, await client(context).runs.resume(id, called(context)));
}

export async function cancelRun(context: CommandContext, id: string, options: EndOptions): Promise<void> {
  const { reason, hard = false, compensate = false } = options;
  const how = { hard, compensate, ...(reason !== undefined && { reason }) };
  showRun(context, id, await client(context).runs.cancel(id, how, called(context)));
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
  showRun(context, id, await client(context).runs.retry(id, how, called(context)));
}

export async function forkRun(context: CommandContext, id: string, options: ForkOptions): Promise<void> {
  const { atVersion, input, context: edited, rerun } = options;
  const edits = {
    rerun: [...rerun],
    ...(atVersion !== undefined && { at_version: atVersion }),
    ...(input !== undefined && { input: jsonOf('--input', input) }),
    ...(edited !== undefined && { context: jsonOf('--context', edited) }),
  };
  const answer = await client(context).runs.fork(id, edits, called(context));
  show(
    context,
    answer,
    () => `Run ${idOf(answer) ?? ''}, forked from ${id}, is ${statusText(context.output, answer.status ?? 'taken')}`,
  );
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

export async function showRunPlan(
  context: CommandContext,
  id: string,
  { follow, timeout }: PlanOptions,
): Promise<ExitCode | void> {
  const api = client(context);
  if (follow === true) return untilEnded(context, api, id, timeout);
  const plan = await api.runs.plan(id, called(context));
  context.output.result(plan, () => planText(context.output, plan, Date.now()));
  return undefined;
}

export async function showRunReport(context: CommandContext, id: string): Promise<void> {
  const report = await client(context).runs.report(id, called(context));
  context.output.result(report, () => reportText(context.output, report));
}

export async function claimTask(context: CommandContext, id: string, options: TaskOptions): Promise<void> {
  const claim = { ...personOf(options), release: options.release === true };
  const answer = await client(context).tasks.claim(id, claim, called(context));
  const who = 'claimed_by' in answer ? answer.claimed_by : undefined;
  show(context, answer, () => (who ? `${who} has task ${id}` : `Nobody has task ${id}`));
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
  const decidedTask = await client(context).tasks.decide(id, answer, called(context));
  const after =
    decidedTask.status === undefined ? '' : `; its run is ${statusText(context.output, decidedTask.status)}`;
  show(context, decidedTask, () => `Task ${id} is ${decision}${after}`);
}

function personOf({ user, group }: TaskOptions) {
  return { groups: [...group], ...(user !== undefined && { user_id: user }) };
}

function showRun(context: CommandContext, id: string, answer: RunAnswer): void {
  show(context, answer, () => `Run ${id} is ${statusText(context.output, answer.status ?? 'as it was')}`);
}

/** A command that is in the log and not decided yet has nothing to tell but where to look. */
function show({ output }: CommandContext, answer: RunAnswer, text: () => string): void {
  const isTaken = answer.status === 'taken' && answer.position === null;
  const later = `It is in the log and not decided yet: chorda commands show ${answer.command_id}`;
  output.result(answer, () => (isTaken ? later : text()));
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
