import type { Answers, ChordaClient } from '@chorda/client';
import { sleep } from '@chorda/kernel';
import type { CommandContext } from '../command-line/command-line.js';
import { exitCodes, type ExitCode } from '../command-line/exit-codes.js';
import { CommandFailure } from '../command-line/failure.js';
import { markOf, stateOf, stepsOf, type PlanStep } from './run-text.js';

type RunPlan = Answers.RunPlan;

const lookEveryMs = 300;
const ended: ReadonlySet<string> = new Set(['completed', 'failed', 'cancelled']);

export interface FollowOptions {
  /** Gives up then; the run goes on. */
  readonly untilMs: number;
  /** In front of each line, where several runs are followed at once. */
  readonly label?: string;
  /** Told each time something has changed. */
  readonly onPlan?: (plan: RunPlan) => Promise<void> | void;
}

/**
 * Follows a run until it ends, or stands with an incident: a line for each step that changed.
 *
 * @throws CommandFailure `unavailable` where it has not ended in time.
 */
export async function followRun(
  { output, signal }: Pick<CommandContext, 'output' | 'signal'>,
  client: Pick<ChordaClient, 'runs'>,
  id: string,
  { untilMs, label = '', onPlan }: FollowOptions,
): Promise<RunPlan> {
  const shown = new Map<string, string>();
  for (;;) {
    const plan = await client.runs.plan(id, { signal });
    for (const step of stepsOf(plan).flat()) {
      if (!isNew(shown, step)) continue;
      output.note(`  ${label}${markOf(output, step)} ${step.id}  ${step.type}  ${stateOf(step, Date.now())}`);
    }
    await onPlan?.(plan);
    if (ended.has(plan.status) || plan.status === 'paused') return plan;
    if (Date.now() > untilMs) {
      const next = `It goes on: \`chorda runs plan ${id} --follow\` follows it further.`;
      throw new CommandFailure(exitCodes.unavailable, `Run ${id} has not ended in time`, next);
    }
    await sleep(lookEveryMs, signal);
  }
}

/** What is shown of a step, so that a line is not printed for what nobody would see. */
function isNew(shown: Map<string, string>, step: PlanStep): boolean {
  const { id, status, attempt, step_id: visit, items } = step;
  const key = [status, attempt ?? '', visit ?? '', items === null ? '' : items.completed + items.failed].join('/');
  if (status === 'pending' || shown.get(id) === key) return false;
  shown.set(id, key);
  return true;
}

/** A script goes on only where all went well. */
export function exitCodeOf({ status }: Pick<RunPlan, 'status'>): ExitCode {
  return status === 'completed' ? exitCodes.ok : exitCodes.failed;
}
