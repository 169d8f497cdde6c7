import type { RunAnomaly } from './checker.js';
import { endsOf, ofType, statusOf, text, type RunStory } from './story.js';

export interface FoundReadModel {
  readonly runs: readonly RunRow[];
  readonly steps: readonly StepRow[];
  readonly tasks: readonly TaskRow[];
}

export interface RunRow {
  readonly workflow_id: string;
  readonly status: string;
  /** Of one that has ended. */
  readonly version: string | null;
  readonly output_data: string | null;
  readonly error_code: string | null;
  readonly signals_received: string;
  readonly timers_fired: string;
}

export interface StepRow {
  readonly workflow_id: string;
  readonly step_id: string;
  readonly status: string;
}

export interface TaskRow {
  readonly workflow_id: string;
  readonly task_id: string;
  readonly decision: string | null;
}

/** The read model is what follows from the streams, folded here and not by the projections. */
export function readModelAnomalies(found: FoundReadModel, stories: ReadonlyMap<string, RunStory>): RunAnomaly[] {
  return [
    ...differences('run', found.runs, stories, ({ workflow_id: id }) => id, runRows),
    ...differences('step', found.steps, stories, ({ workflow_id: id, step_id: step }) => `${id} ${step}`, stepRows),
    ...differences('task', found.tasks, stories, ({ workflow_id: id, task_id: task }) => `${id} ${task}`, taskRows),
  ];
}

function differences<Row extends object>(
  what: string,
  rows: readonly Row[],
  stories: ReadonlyMap<string, RunStory>,
  keyOf: (row: Row) => string,
  expected: (story: RunStory) => readonly Row[],
): RunAnomaly[] {
  const anomalies: RunAnomaly[] = [];
  const wanted = new Map([...stories.values()].flatMap(expected).map((row) => [keyOf(row), row]));
  const known = new Map(rows.map((row) => [keyOf(row), row]));
  for (const [key, row] of wanted) {
    for (const [name, value] of Object.entries(row)) {
      const has: unknown = known.has(key) ? Reflect.get(known.get(key) ?? {}, name) : 'no row';
      if (has === value) continue;
      const detail = `${what} ${key} ${name}: ${JSON.stringify(has)}, not ${JSON.stringify(value)}`;
      anomalies.push({ name: 'read-model-differs', detail });
    }
  }
  for (const key of known.keys()) {
    if (!wanted.has(key)) anomalies.push({ name: 'read-model-differs', detail: `${what} ${key} is in no stream` });
  }
  return anomalies;
}

function runRows(story: RunStory): readonly RunRow[] {
  const own = story.events.filter(({ stream }) => stream === `workflow-${story.runId}`);
  const [end] = endsOf(story);
  const ended = (name: string) => (end?.data[name] === undefined ? null : text(end, name));
  return [
    {
      workflow_id: story.runId,
      status: statusOf(story),
      version: end === undefined ? null : String(own.length),
      output_data: end?.type === 'workflow.completed' ? ended('output_data') : null,
      error_code: end?.type === 'workflow.failed' ? ended('error_code') : null,
      signals_received: String(ofType(story, 'signal_received').length),
      timers_fired: String(ofType(story, 'timer_fired').length),
    },
  ];
}

/** Of steps, what the last event about each says. */
function stepRows(story: RunStory): readonly StepRow[] {
  const statuses = new Map<string, string>();
  for (const event of story.events) {
    const status = stepStatus(event.type, event.data);
    if (status !== undefined) statuses.set(text(event, 'step_id'), status);
  }
  return [...statuses].map(([step_id, status]) => ({ workflow_id: story.runId, step_id, status }));
}

function stepStatus(type: string, data: Readonly<Record<string, unknown>>): string | undefined {
  switch (type) {
    case 'workflow.step_scheduled':
      return 'scheduled';
    case 'workflow.step_started':
      return 'running';
    case 'workflow.step_skipped':
      return 'skipped';
    case 'workflow.step_completed':
      return 'completed';
    case 'workflow.step_failed':
      return data['retry_at'] !== null ? 'retrying' : data['status'] === 'cancelled' ? 'cancelled' : 'failed';
    case 'workflow.step_compensated':
      return data['status'] === 'failed' ? 'compensation_failed' : 'compensated';
    default:
      return undefined;
  }
}

function taskRows(story: RunStory): readonly TaskRow[] {
  const decisions = new Map<string, string | null>();
  for (const event of ofType(story, 'human_task_opened')) decisions.set(text(event, 'task_id'), null);
  for (const event of ofType(story, 'human_task_decided')) {
    if (event.data['quorum_reached'] === true) decisions.set(text(event, 'task_id'), text(event, 'decision'));
  }
  return [...decisions].map(([task_id, decision]) => ({ workflow_id: story.runId, task_id, decision }));
}
