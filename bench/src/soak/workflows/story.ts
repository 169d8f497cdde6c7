import type { LoggedEvent } from '../decisions/checker.js';

/** What the log tells of one run, in its order: its own stream and those of the flows nested in it share a partition. */
export interface RunStory {
  readonly runId: string;
  readonly name: string;
  readonly events: readonly LoggedEvent[];
}

const endTypes: ReadonlySet<string> = new Set(['workflow.completed', 'workflow.failed', 'workflow.cancelled']);

/** By run. @param first The log without its repeats. */
export function runStories(first: readonly LoggedEvent[]): ReadonlyMap<string, RunStory> {
  const stories = new Map<string, { runId: string; name: string; events: LoggedEvent[] }>();
  for (const event of first) {
    if (event.stream === undefined) continue;
    const runId = text(event, 'workflow_id');
    const story = stories.get(runId) ?? { runId, name: text(event, 'workflow_name'), events: [] };
    stories.set(runId, story);
    story.events.push(event);
  }
  return stories;
}

export function text({ data }: LoggedEvent, name: string): string {
  const value = data[name];
  return typeof value === 'string' ? value : JSON.stringify(value ?? null);
}

export function endsOf({ events }: RunStory): readonly LoggedEvent[] {
  return events.filter(({ type }) => endTypes.has(type));
}

export function ofType({ events }: RunStory, type: string): readonly LoggedEvent[] {
  return events.filter((event) => event.type === `workflow.${type}`);
}

export function ofStep(story: RunStory, type: string, step: string): readonly LoggedEvent[] {
  return ofType(story, type).filter((event) => event.data['step_id'] === step);
}

/** Steps about which a person has yet to decide, as the events leave it. */
export function openIncidents({ events }: RunStory): readonly string[] {
  const open = new Set<string>();
  for (const event of events) {
    const step = text(event, 'step_id');
    if (event.type === 'workflow.paused' && event.data['is_incident'] === true) open.add(step);
    if (event.type === 'workflow.step_scheduled' || event.type === 'workflow.step_completed') open.delete(step);
    if (event.type === 'workflow.step_failed' && event.data['handling'] !== 'incident') open.delete(step);
    if (endTypes.has(event.type)) open.clear();
  }
  return [...open];
}

/** The status that its events leave it in, found here and not by the rules. */
export function statusOf({ events }: RunStory): string {
  let status = 'unknown';
  for (const { type } of events) status = statusAfter[type] ?? status;
  return status;
}

const statusAfter: Readonly<Record<string, string>> = {
  'workflow.started': 'running',
  'workflow.paused': 'paused',
  'workflow.resumed': 'running',
  'workflow.cancel_requested': 'cancelling',
  'workflow.compensation_started': 'compensating',
  'workflow.completed': 'completed',
  'workflow.failed': 'failed',
  'workflow.cancelled': 'cancelled',
};
