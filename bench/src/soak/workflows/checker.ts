import {
  firstOccurrences,
  logAnomalies,
  repeatedCalls,
  wasCut,
  type EffectCall,
  type LoggedEvent,
} from '../decisions/checker.js';
import { childName, idempotentOf, items, total, type PlannedRun } from './plan.js';
import { readModelAnomalies, type FoundReadModel } from './read-model-checker.js';
import { endsOf, ofStep, ofType, openIncidents, runStories, text, type RunStory } from './story.js';

/**
 * The checker of runs: holds what the outside world saw (acknowledged starts, signals and decisions, effects, kills)
 * against the log, the engine's tables and the read model. It knows what the definition promises, and nothing of how
 * Chorda keeps it.
 */
export interface RunHistory {
  readonly planned: ReadonlyMap<string, PlannedRun>;
  /** Starts that were answered with 2xx. */
  readonly acknowledged: readonly string[];
  /** Runs whose event was acknowledged. */
  readonly signalled: readonly string[];
  /** Tasks whose decision was acknowledged. */
  readonly decided: readonly string[];
  readonly effects: readonly EffectCall[];
  /** When something that was killed was seen to be gone: processes and servers. */
  readonly killsMs: readonly number[];
  /** In the order of the log, partition by partition, repeats included. */
  readonly log: readonly LoggedEvent[];
  /** Of the engine's tables: `<stream> <version>` to the event's id. */
  readonly engine: ReadonlyMap<string, string>;
  readonly readModel: FoundReadModel;
}

export interface RunAnomaly {
  readonly name: string;
  readonly detail: string;
}

/** All anomalies of the history; none means that it kept every promise. */
export function runAnomalies(history: RunHistory): readonly RunAnomaly[] {
  const first = firstOccurrences(history.log);
  const stories = runStories(first);
  return [
    ...logAnomalies(history.log, first, history.engine),
    ...[...stories.values()].flatMap((story) => storyAnomalies(story, history)),
    ...askedAnomalies(history, stories),
    ...effectAnomalies(history, stories),
    ...readModelAnomalies(history.readModel, stories),
  ];
}

function storyAnomalies(story: RunStory, { planned }: RunHistory): RunAnomaly[] {
  const of = (name: string, detail: string): RunAnomaly => ({ name, detail: `${story.runId}: ${detail}` });
  const plan = planned.get(story.runId);
  const found: RunAnomaly[] = [];
  if (plan === undefined && story.name !== childName) found.push(of('phantom-run', 'nobody started it'));
  const ends = endsOf(story);
  if (ends.length > 1) found.push(of('ended-twice', ends.map(({ type }) => type).join()));
  if (ends.length === 0 && openIncidents(story).length === 0) found.push(of('never-ended', 'and is no incident'));
  if (ends.length === 1 && story.events.at(-1) !== ends[0]) found.push(of('goes-on', 'after its end'));
  found.push(...stepAnomalies(story, of), ...timerAnomalies(story, of));
  if (plan !== undefined) found.push(...planAnomalies(story, plan, of));
  return found;
}

type Of = (name: string, detail: string) => RunAnomaly;

const attemptsMax = 3;

/** Each try of a step is given once, and has one end; tries are bounded. */
function stepAnomalies(story: RunStory, of: Of): RunAnomaly[] {
  const found: RunAnomaly[] = [];
  const standing = new Map<string, 'given' | 'waits' | 'over'>();
  const incidents = new Map<string, number>();
  for (const event of story.events) {
    const step = text(event, 'step_id');
    const stands = standing.get(step);
    if (event.type === 'workflow.step_scheduled') {
      const attempt = Number(event.data['attempt']);
      if (stands === 'given' || stands === 'over') found.push(of('given-twice', `${step}, try ${attempt}`));
      if (attempt > attemptsMax + (incidents.get(step) ?? 0))
        found.push(of('tried-without-bound', `${step}: ${attempt}`));
      standing.set(step, 'given');
    } else if (event.type === 'workflow.step_completed' || event.type === 'workflow.step_failed') {
      // What waits for its next try, or for a person, may be cancelled, or answered after all.
      if (stands === 'over' || stands === undefined) found.push(of('ended-step-twice', `${step} ${event.type}`));
      const handling = event.type === 'workflow.step_failed' ? text(event, 'handling') : '';
      if (handling === 'incident') incidents.set(step, (incidents.get(step) ?? 0) + 1);
      standing.set(step, handling === 'retry' || handling === 'incident' ? 'waits' : 'over');
    }
  }
  return found;
}

function timerAnomalies(story: RunStory, of: Of): RunAnomaly[] {
  const found: RunAnomaly[] = [];
  const fired = new Set<string>();
  for (const { data } of ofType(story, 'timer_fired')) {
    const id = String(data['timer_id']);
    if (data['purpose'] === 'sleep' && fired.has(id)) found.push(of('timer-fired-twice', id));
    if (Number(data['fired_at']) < Number(data['due_at'])) found.push(of('timer-early', id));
    fired.add(id);
  }
  return found;
}

const needs = ['charge', 'stamp', 'nap', 'go', 'ask', 'race', 'items', 'child'];

/** What the definition says of the run: its join, its race, its map, how it ends and what is undone. */
function planAnomalies(story: RunStory, plan: PlannedRun, of: Of): RunAnomaly[] {
  const found: RunAnomaly[] = [];
  const position = (event: LoggedEvent | undefined) => (event === undefined ? -1 : story.events.indexOf(event));
  const settled = (step: string) => ofStep(story, 'step_completed', step)[0] ?? ofStep(story, 'step_skipped', step)[0];
  const joins = ofStep(story, 'step_scheduled', 'join');
  if (joins.length > 1) found.push(of('joined-twice', `${joins.length} times`));
  const missing = needs.filter((step) => position(settled(step)) < 0 || position(settled(step)) > position(joins[0]));
  if (joins.length === 1 && missing.length > 0) found.push(of('joined-early', missing.join()));
  for (const step of needs) {
    const isWanted = step === 'ask' ? plan.asks : step === 'child' ? plan.child : true;
    const skipped = ofStep(story, 'step_skipped', step).length > 0;
    if (joins.length === 1 && skipped === isWanted) found.push(of('wrong-branch', step));
  }
  if (position(settled('race')) >= 0) {
    const losers = ofStep(story, 'step_failed', 'race/slow');
    if (losers.length !== 1 || losers[0]?.data['status'] !== 'cancelled') found.push(of('loser-runs-on', 'race/slow'));
  }
  const mapped = ofType(story, 'map_progressed').filter(({ data }) => data['ended_status'] === 'completed');
  const indexes = mapped.map(({ data }) => Number(data['ended_index']));
  if (new Set(indexes).size < indexes.length) found.push(of('item-twice', indexes.join()));
  if (position(settled('items')) >= 0 && indexes.length !== items) found.push(of('item-missing', indexes.join()));
  return [...found, ...endAnomalies(story, plan, of), ...undoAnomalies(story, of)];
}

function endAnomalies(story: RunStory, plan: PlannedRun, of: Of): RunAnomaly[] {
  const [end] = endsOf(story);
  if (end === undefined) return [];
  const wasCancelled = plan.isCancelled && end.type === 'workflow.cancelled';
  if (wasCancelled) return [];
  const wanted = plan.endsBadly ? 'workflow.failed' : 'workflow.completed';
  if (end.type !== wanted) return [of('wrong-end', `${end.type} ${text(end, 'error_code')}`)];
  if (plan.endsBadly) return end.data['error_code'] === 'PLANNED' ? [] : [of('wrong-end', text(end, 'error_code'))];
  const output = JSON.stringify({ total, decided: plan.asks ? 'approved' : 'none' });
  return canonical(text(end, 'output_data')) === canonical(output)
    ? []
    : [of('wrong-output', text(end, 'output_data'))];
}

function canonical(json: string): string {
  const value: unknown = JSON.parse(json);
  return JSON.stringify(Object.entries(Object(value)).toSorted(([one], [other]) => (one < other ? -1 : 1)));
}

/** A run that ends badly, or was cancelled so, has undone what it did, the latest first. */
function undoAnomalies(story: RunStory, of: Of): RunAnomaly[] {
  const [end] = endsOf(story);
  if (end === undefined || end.type === 'workflow.completed') {
    return ofType(story, 'step_compensated').length > 0 && end ? [of('undone-for-nothing', 'it completed')] : [];
  }
  const undoable = story.events.filter(
    ({ type, data }) =>
      type === 'workflow.step_completed' && (data['step_id'] === 'charge' || data['step_id'] === 'stamp'),
  );
  const wanted = undoable.toReversed().map((event) => text(event, 'step_id'));
  const undone = ofType(story, 'step_compensated').map((event) => text(event, 'step_id'));
  return wanted.join() === undone.join() ? [] : [of('not-undone', `${undone.join()} and not ${wanted.join()}`)];
}

function askedAnomalies(history: RunHistory, stories: ReadonlyMap<string, RunStory>): RunAnomaly[] {
  const found: RunAnomaly[] = [];
  for (const id of history.acknowledged) if (!stories.has(id)) found.push({ name: 'lost-run', detail: id });
  for (const id of history.signalled) {
    const story = stories.get(id);
    const received = story === undefined ? 0 : ofType(story, 'signal_received').length;
    if (received !== 1) found.push({ name: 'signal-count', detail: `${id}: received ${received} times` });
  }
  const closed = new Map<string, number>();
  for (const story of stories.values()) {
    for (const event of ofType(story, 'human_task_decided')) {
      const task = text(event, 'task_id');
      closed.set(task, (closed.get(task) ?? 0) + 1);
    }
    const taken = ofType(story, 'signal_taken').map((event) => text(event, 'signal_id'));
    if (new Set(taken).size < taken.length) found.push({ name: 'signal-taken-twice', detail: story.runId });
  }
  for (const [task, count] of closed) if (count > 1) found.push({ name: 'decided-twice', detail: task });
  for (const task of history.decided) if (!closed.has(task)) found.push({ name: 'lost-decision', detail: task });
  return found;
}

/** Which effects a run must have had by what its steps came to, by the names that the plan gives them. */
function stepOfEffect(effect: string): { readonly runId: string; readonly step: string; readonly isUndo: boolean } {
  const at = effect.lastIndexOf('/');
  const name = effect.slice(at + 1);
  const isUndo = name === 'refund' || name === 'unstamp';
  const own =
    name === 'refund' ? 'charge' : name === 'unstamp' ? 'stamp' : name.replace(/^item-(\d+)$/, 'items[$1]/one');
  return { runId: effect.slice(0, at), step: own, isUndo };
}

function effectAnomalies({ effects, killsMs }: RunHistory, stories: ReadonlyMap<string, RunStory>): RunAnomaly[] {
  const found: RunAnomaly[] = [];
  const keys = new Map<string, Set<string>>();
  for (const { key, effect } of effects) keys.set(effect, (keys.get(effect) ?? new Set()).add(key));
  for (const [effect, own] of keys) {
    if (own.size > 1) found.push({ name: 'effect-of-two-keys', detail: `${effect}: ${[...own].join()}` });
    const { runId, step, isUndo } = stepOfEffect(effect);
    const story = stories.get(runId);
    const isKnown = story !== undefined && ofStep(story, 'step_scheduled', step).length > 0;
    if (!isKnown) found.push({ name: 'effect-without-step', detail: effect });
    if (isUndo && story !== undefined && ofType(story, 'compensation_started').length === 0)
      found.push({ name: 'effect-without-step', detail: `${effect} undoes what stands` });
  }
  for (const { key, tool, timesMs } of repeatedCalls(effects)) {
    if (idempotentOf[tool] !== true) found.push({ name: 'repeated-effect', detail: `${key}: ${timesMs.length} calls` });
    for (const [index, toMs] of timesMs.slice(1).entries()) {
      const fromMs = timesMs[index] ?? 0;
      if (!wasCut(killsMs, fromMs, toMs))
        found.push({ name: 'repeat-without-kill', detail: `${key}: at ${fromMs} and ${toMs}` });
    }
  }
  return [...found, ...unknownOutcomes(keys, stories)];
}

/** A step that is said to be completed has had its effect; one that must not be repeated and is unknown, a person hears of. */
function unknownOutcomes(done: ReadonlyMap<string, unknown>, stories: ReadonlyMap<string, RunStory>): RunAnomaly[] {
  const found: RunAnomaly[] = [];
  for (const story of stories.values()) {
    if (story.name === childName) continue;
    for (const step of ['charge', 'stamp']) {
      const completed = ofStep(story, 'step_completed', step);
      if (completed.length > 0 && !done.has(`${story.runId}/${step}`)) {
        found.push({ name: 'result-without-effect', detail: `${story.runId}/${step}` });
      }
    }
    const undone = ofType(story, 'step_compensated').filter(({ data }) => data['status'] === 'completed');
    for (const event of undone) {
      const effect = text(event, 'step_id') === 'charge' ? 'refund' : 'unstamp';
      if (!done.has(`${story.runId}/${effect}`)) {
        found.push({ name: 'result-without-effect', detail: `${story.runId}/${effect}` });
      }
    }
    const isListed = ['step_completed', 'step_failed'].some((type) => ofStep(story, type, 'charge').length > 0);
    if (done.has(`${story.runId}/charge`) && !isListed) {
      found.push({ name: 'unlisted-unknown', detail: `${story.runId}/charge` });
    }
  }
  return found;
}
