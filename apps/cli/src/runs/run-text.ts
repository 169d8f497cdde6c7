import type { Answers } from '@chorda/client';
import { toJson, type Output, type Tone } from '../command-line/output.js';

type RunPlan = Answers.RunPlan;
type RunReport = Answers.RunReport;

/** A step of a plan, as far as it is shown. */
export interface PlanStep {
  readonly id: string;
  readonly type: string;
  readonly status: string;
  readonly needs: readonly string[];
  readonly step_id: string | null;
  readonly attempt: number | null;
  readonly scheduled_at_ms: number | null;
  readonly ended_at_ms: number | null;
  readonly retry_at_ms: number | null;
  readonly items: { readonly total: number; readonly completed: number; readonly failed: number } | null;
}

const marks: Readonly<Record<string, readonly [mark: string, tone: Tone]>> = {
  pending: ['·', 'dim'],
  scheduled: ['…', 'warn'],
  running: ['▶', 'warn'],
  retrying: ['↻', 'warn'],
  incident: ['!', 'bad'],
  completed: ['✓', 'good'],
  failed: ['✗', 'bad'],
  skipped: ['-', 'dim'],
  cancelled: ['×', 'dim'],
};

/** What a step that has been given out waits for. */
const waits: Readonly<Record<string, string>> = {
  human: 'waits for a person',
  wait: 'waits for an event',
  tool: 'waits for a worker',
  timer: 'sleeps',
};

const runTones: Readonly<Record<string, Tone>> = { completed: 'good', failed: 'bad', cancelled: 'bad', paused: 'warn' };

export function markOf(output: Output, { status }: Pick<PlanStep, 'status'>): string {
  const [mark, tone] = marks[status] ?? ['?', 'dim'];
  return output.paint(tone, mark);
}

export function stateOf({ type, status, attempt, items, retry_at_ms: retryMs }: PlanStep, nowMs: number): string {
  const tries = attempt !== null && attempt > 1 ? `, try ${attempt}` : '';
  const done = items === null ? '' : ` ${items.completed + items.failed} of ${items.total}`;
  if (status === 'retrying' && retryMs !== null) return `tried again in ${spanText(Math.max(0, retryMs - nowMs))}`;
  if (status === 'incident') return `waits for your decision${tries}`;
  return `${(status === 'scheduled' && waits[type]) || status}${done}${tries}`;
}

export function statusText(output: Output, status: string): string {
  return output.paint(runTones[status] ?? 'strong', status);
}

export function stepsOf({ phases }: RunPlan): readonly (readonly PlanStep[])[] {
  // The API describes phases as plain objects; these are the ones of the plan.
  return phases.map(({ steps }) => (Array.isArray(steps) ? (steps as readonly PlanStep[]) : []));
}

/** Phases and steps as a table: what is in one phase needs something of the one before. */
export function planText(output: Output, plan: RunPlan, nowMs: number): string {
  const isMachine = plan.kind === 'machine';
  const rows = stepsOf(plan).flatMap((steps, phase) =>
    steps.map((step, index) => [
      isMachine ? (step.id === plan.current_state ? '→' : '') : index === 0 ? String(phase + 1) : '',
      `${markOf(output, step)} ${step.id}`,
      step.type,
      stateOf(step, nowMs),
      timeOf(step, nowMs),
      step.needs.join(', '),
    ]),
  );
  const headings = isMachine
    ? ['', 'STATE', 'DOES', 'IS', 'TIME', '']
    : ['PHASE', 'STEP', 'DOES', 'IS', 'TIME', 'NEEDS'];
  const title = `Run ${plan.workflow_id} is ${statusText(output, plan.status)}`;
  return [title, output.table(headings, rows)].join('\n');
}

function timeOf({ scheduled_at_ms: begunMs, ended_at_ms: endedMs, status }: PlanStep, nowMs: number): string {
  if (begunMs === null || status === 'skipped' || begunMs === 0) return '';
  return endedMs === null ? `for ${spanText(Math.max(0, nowMs - begunMs))}` : spanText(endedMs - begunMs);
}

/** What a run came to, for whoever wants to know whether all is well. */
export function reportText(output: Output, report: RunReport): string {
  const { workflow_id: id, status, success, errors, results, ending, incidents = [] } = report;
  const count = (name: string): number => Number(success[name] ?? 0);
  const told = ['failed', 'skipped', 'cancelled', 'retried'].filter((name) => count(name) > 0);
  const counts = told.map((name) => `, ${count(name)} ${name}`).join('');
  const underWay = count('under_way') > 0 ? `, ${count('under_way')} under way` : '';
  const why = ending === null || ending === undefined ? '' : `: ${plainText(ending['reason'] || ending['error_code'])}`;
  return [
    `Run ${id} is ${statusText(output, status)}${why === ': ' ? '' : why}`,
    `${count('completed')} of ${count('steps')} steps completed${counts}${underWay}`,
    ...section('Output', report.output === null ? [] : [indented(valueText(report.output))]),
    ...section(
      'Errors',
      errors.map((error) => `  ${output.paint('bad', '✗')} ${errorText(error)}`),
    ),
    ...section('Results', resultLines(output, results)),
    ...section('Models', usageLines(report.usage)),
    ...section(
      'Waits for your decision',
      incidents.map((step) => `  chorda runs retry ${id} --step '${step}'`),
    ),
  ].join('\n');
}

function usageLines(usage: RunReport['usage']): readonly string[] {
  const count = (name: string) => Number(usage?.[name] ?? 0);
  if (count('attempts') === 0) return [];
  const tokens = `${count('prompt_tokens')} tokens in, ${count('completion_tokens')} out`;
  return [`  ${count('attempts')} calls, ${tokens}, ${plainText(usage?.['cost_usd'])} USD`];
}

function resultLines(output: Output, results: RunReport['results']): readonly string[] {
  const rows = Object.entries(results).map(([step, value]) => [`  ${step}`, shortly(value)]);
  if (rows.length === 0) return [];
  return output.table(['  STEP', 'CAME TO'], rows).split('\n');
}

function errorText({ step_id: step, attempts, error }: RunReport['errors'][number]): string {
  const tries = Number(attempts) > 1 ? ` (${plainText(attempts)} tries)` : '';
  const { code, message, class: kind } = Object(error) as Readonly<Record<string, unknown>>;
  return `${plainText(step)}${tries}: ${plainText(code)} (${plainText(kind)}): ${plainText(message)}`;
}

function section(title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : ['', title, ...lines];
}

/** A row of a read model by its members, what it lacks left out, payloads at the end. */
export function itemText(item: Readonly<Record<string, unknown>>): string {
  const entries = Object.entries(item).filter(([, value]) => value !== null && value !== undefined);
  const plain = entries.filter(([, value]) => typeof value !== 'object');
  const payloads = entries.filter(([, value]) => typeof value === 'object');
  const width = Math.max(0, ...plain.map(([name]) => name.length));
  return [
    ...plain.map(([name, value]) => `${name.padEnd(width)}  ${String(value)}`),
    ...payloads.flatMap(([name, value]) => ['', name, indented(valueText(value))]),
  ].join('\n');
}

const lineLengthMax = 100;

function shortly(value: unknown): string {
  const text = typeof value === 'string' ? value.replaceAll(/\s+/g, ' ') : toJson(value);
  return text.length > lineLengthMax ? `${text.slice(0, lineLengthMax - 1)}…` : text;
}

function valueText(value: unknown): string {
  if (typeof value === 'string') return value;
  const line = toJson(value);
  return line.length > lineLengthMax ? toJson(value, 2) : line;
}

function indented(text: string): string {
  return text.replaceAll(/^/gm, '  ');
}

function plainText(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number'
    ? String(value)
    : value === null || value === undefined
      ? ''
      : toJson(value);
}

const units = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
] as const;

/** `340 ms`, `1.2 s`, `3 m 20 s`, `2 d 4 h`. */
export function spanText(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(1)} s`;
  const [unit, size] = units.find((each) => ms >= each[1]) ?? ['m', 60_000];
  const rest = ms % size;
  const [lower, lowerSize] = { d: ['h', 3_600_000], h: ['m', 60_000], m: ['s', 1_000] }[unit] as [string, number];
  const below = Math.floor(rest / lowerSize);
  return `${Math.floor(ms / size)} ${unit}${below === 0 ? '' : ` ${below} ${lower}`}`;
}
