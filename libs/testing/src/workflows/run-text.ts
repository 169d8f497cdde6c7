import type { StepState, WorkflowRunner } from '@chorda/domain';
import type { JsonValue } from '@chorda/kernel';
import { durationText } from '@chorda/workflows';
import type { Call } from './scripted-world.js';

const stepsShown = 40;
const valueLengthMax = 120;
const marks: Readonly<Record<StepState['status'], string>> = {
  scheduled: '…',
  running: '▶',
  retrying: '↻',
  incident: '!',
  completed: '✓',
  failed: '✗',
  skipped: '-',
  cancelled: '×',
};

/** A run as a person reads it: how far it has come, each step, and what it waits for. */
export function runText(
  runner: WorkflowRunner,
  { calls, endedMs }: { readonly calls: readonly Call[]; readonly endedMs: number | undefined },
): string {
  const { run, form } = runner;
  const nowMs = endedMs ?? runner.nowMs;
  const passed = nowMs === run.startedMs ? 'at once' : `after ${spanText(nowMs - run.startedMs)}`;
  const output = run.status === 'completed' ? `, output ${shortly(run.output)}` : '';
  const why = run.ending === null ? '' : `: ${endingText(run.ending)}`;
  const steps = runner.steps.filter(({ stepId }) => stepId !== '');
  const rows = steps.slice(0, stepsShown).map((step) => rowOf(step));
  const widths = [0, 1, 2].map((column) => Math.max(0, ...rows.map((row) => row[column]?.length ?? 0)));
  const left = steps.length - rows.length;
  const waits = waitsOf(runner, calls);
  return [
    `${form.name} is ${run.status} ${passed}${why}${output}`,
    ...rows.map((row) => `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}`.trimEnd()),
    ...(left > 0 ? [`  and ${left} more steps`] : []),
    ...(waits.length > 0 ? ['It waits for:', ...waits.map((wait) => `  ${wait}`)] : []),
  ].join('\n');
}

function rowOf(step: StepState): readonly string[] {
  const { stepId, type, status, attempt, error, output } = step;
  const tries = attempt > 1 ? ` (${attempt} tries)` : '';
  const came = output === null ? '' : shortly(output);
  const about = error === null || status === 'completed' ? came : errorText(error);
  return [`${marks[status]} ${stepId}`, type, `${status}${tries}`, about];
}

function endingText({ error, reason }: { readonly error: JsonValue; readonly reason: string }): string {
  return error === null ? reason : errorText(error);
}

function errorText(error: JsonValue): string {
  if (typeof error !== 'object' || error === null || Array.isArray(error)) return shortly(error);
  const { code, message } = error as { readonly [name: string]: JsonValue };
  return shortly(`${shown(code)}: ${shown(message)}`);
}

/** What has to happen outside for the run to go on. */
export function waitsOf(runner: WorkflowRunner, calls: readonly Call[]): readonly string[] {
  if (['completed', 'failed', 'cancelled'].includes(runner.status)) return [];
  const waits = runner.steps.flatMap((step) => waitOf(step, calls));
  const [next] = runner.timers().toSorted((one, other) => one.timer.dueMs - other.timer.dueMs);
  if (next !== undefined)
    waits.push(`the clock: ${dueText(next.timer.id)} in ${spanText(next.timer.dueMs - runner.nowMs)}`);
  if (runner.run.isPausedByHand) waits.push('whenResumed(): it was paused');
  return waits;
}

/** A timer is named `<purpose>/<try>/<step>`, or by its purpose alone. */
function dueText(timer: string): string {
  const [purpose = '', , ...rest] = timer.split('/');
  const step = rest.join('/');
  const texts: Readonly<Record<string, string>> = {
    sleep: `${step} wakes`,
    retry: `${step} is tried again`,
    start: `${step} must have been begun`,
    run: `the time of ${step} is over`,
    idle: `${step} must have given a sign of life`,
    whole: `the time of all tries of ${step} is over`,
    after: 'its state has lasted long enough',
    deadline: 'the time of the run is over',
    hard: 'what is under way is given up',
    signal: 'a signal that nobody took is forgotten',
    go_on: 'it goes on',
  };
  return texts[purpose] ?? timer;
}

function waitOf(step: StepState, calls: readonly Call[]): string[] {
  const { stepId, status, waitsFor, task } = step;
  if (status === 'incident') return [`whenRetried('${stepId}'): an incident is open for it`];
  if (status !== 'scheduled' && status !== 'running') return [];
  if (task !== null) return [`whenDecided('${stepId}', …): a person has to decide`];
  if (waitsFor !== null) {
    const key = waitsFor.key === null ? '' : `, …, { key: '${waitsFor.key}' }`;
    return [`whenSignalled('${waitsFor.event}'${key}): ${stepId} waits for it`];
  }
  const call = calls.findLast((each) => each.stepId === stepId);
  if (call?.state === 'silent') return [`${stepId}: ${nameOf(call)} was scripted to stay silent`];
  if (call?.state === 'open') return [`${stepId}: nobody answers ${nameOf(call)}; ${scriptFor(call)} would`];
  return [];
}

function nameOf({ asked: { kind, name } }: Call): string {
  return name === '*' ? `the ${kind}` : `the ${kind} ${name}`;
}

function scriptFor({ asked: { kind, name } }: Call): string {
  const method = {
    step: 'withStep',
    tool: 'withTool',
    agent: 'withAgent',
    model: 'withModel',
    webhook: 'withWebhook',
    workflow: 'withWorkflow',
  }[kind];
  return kind === 'model' ? `.${method}(answers(…))` : `.${method}('${name}', answers(…))`;
}

/** Two units of it at most: `365d`, `2h 5m`, `1.6s`. */
export function spanText(ms: number): string {
  if (ms < 60_000) return ms < 1_000 ? durationText(ms) : `${Number((ms / 1_000).toFixed(1))}s`;
  const sizes = [
    ['d', 86_400_000],
    ['h', 3_600_000],
    ['m', 60_000],
    ['s', 1_000],
  ] as const;
  const parts: string[] = [];
  let left = ms;
  for (const [unit, size] of sizes) {
    if (left < size || parts.length === 2) continue;
    parts.push(`${Math.floor(left / size)}${unit}`);
    left %= size;
  }
  return parts.join(' ');
}

export function shortly(value: unknown): string {
  const text = shown(value);
  return text.length > valueLengthMax ? `${text.slice(0, valueLengthMax)}…` : text;
}

function shown(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? 'undefined');
}
