import type { ScheduleAnswer } from '@chorda/client';
import type { CommandContext } from '../command-line/command-line.js';
import { exitCodes } from '../command-line/exit-codes.js';
import { CommandFailure } from '../command-line/failure.js';
import { gatewayClient } from '../command-line/gateway.js';

export interface RulesOptions {
  readonly cron: string;
  readonly zone: string;
  readonly atVersion?: number;
  readonly input?: string;
  readonly title?: string;
  readonly user?: string;
  readonly overlap: string;
  readonly catchUp: string;
  readonly window: number;
  readonly jitter?: number;
}

export interface NextOptions {
  readonly count: number;
}

export interface PreviewOptions extends NextOptions {
  readonly zone: string;
  readonly after?: string;
}

const client = ({ environment }: CommandContext) => gatewayClient(environment).schedules;
const called = ({ signal }: CommandContext) => ({ signal });

export async function createSchedule(
  context: CommandContext,
  workflow: string,
  options: RulesOptions & { readonly id?: string },
): Promise<void> {
  const { id } = options;
  const schedule = { ...rulesOf(workflow, options), ...(id !== undefined && { schedule_id: id }) };
  show(context, await client(context).create(schedule, called(context)));
}

export async function changeSchedule(
  context: CommandContext,
  id: string,
  workflow: string,
  options: RulesOptions,
): Promise<void> {
  show(context, await client(context).change(id, rulesOf(workflow, options), called(context)));
}

export async function pauseSchedule(context: CommandContext, id: string, reason: string | undefined): Promise<void> {
  show(context, await client(context).pause(id, reason === undefined ? {} : { reason }, called(context)));
}

export async function resumeSchedule(context: CommandContext, id: string): Promise<void> {
  show(context, await client(context).resume(id, called(context)));
}

export async function deleteSchedule(context: CommandContext, id: string): Promise<void> {
  show(context, await client(context).delete(id, called(context)));
}

export async function showNextFires(context: CommandContext, id: string, { count }: NextOptions): Promise<void> {
  showFires(context, await client(context).next(id, { ...called(context), count }));
}

export async function previewSchedule(
  context: CommandContext,
  cron: string,
  { zone, after, count }: PreviewOptions,
): Promise<void> {
  const clock = { cron, time_zone: zone, count, ...(after !== undefined && { after }) };
  showFires(context, await client(context).preview(clock, called(context)));
}

function showFires(
  { output }: CommandContext,
  fires: { readonly items: readonly { readonly fire_at: string; readonly local_time: string }[] },
): void {
  output.result(fires, () =>
    output.table(
      ['FIRE AT', 'LOCAL TIME'],
      fires.items.map(({ fire_at, local_time }) => [fire_at, local_time]),
    ),
  );
}

function show({ output }: CommandContext, answer: ScheduleAnswer): void {
  const isTaken = answer.status === 'taken';
  const later = `It is in the log and not decided yet: chorda commands show ${answer.command_id}`;
  output.result(answer, () => (isTaken ? later : scheduleText(answer)));
}

function scheduleText(answer: ScheduleAnswer): string {
  if (!('schedule_id' in answer)) return 'Done';
  const next = answer.next_fire_at ? `; it fires next at ${answer.next_fire_at}` : '';
  return `Schedule ${answer.schedule_id} is ${answer.status}${next}`;
}

const overlaps = ['skip', 'buffer_one', 'allow', 'cancel_running'] as const;
const catchUps = ['all', 'latest'] as const;

function rulesOf(workflow: string, options: RulesOptions) {
  const { cron, zone, atVersion, input, title, user, window, jitter } = options;
  return {
    ...{ workflow_name: workflow, cron, time_zone: zone },
    overlap: oneOf('--overlap', options.overlap, overlaps),
    catch_up: oneOf('--catch-up', options.catchUp, catchUps),
    catch_up_window_ms: window * 1_000,
    ...(jitter !== undefined && { jitter_ms: jitter * 1_000 }),
    ...(atVersion !== undefined && { workflow_version: atVersion }),
    ...(input !== undefined && { input_data: jsonOf('--input', input) }),
    ...(title !== undefined && { title }),
    ...(user !== undefined && { user_id: user }),
  };
}

function oneOf<Value extends string>(option: string, value: string, allowed: readonly Value[]): Value {
  const found = allowed.find((each) => each === value);
  if (found !== undefined) return found;
  throw new CommandFailure(exitCodes.usage, `${option} must be one of ${allowed.join(', ')}`, `It is "${value}".`);
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
