import { idempotentOf } from './plan.js';

/**
 * The checker of executions: holds what the outside world saw (acknowledged starts, effects, kills) against the log, the
 * engine's tables and the read model. It knows nothing of how Chorda works.
 */
export interface ExecutionHistory {
  /** Starts that were answered with 2xx. */
  readonly acknowledged: readonly string[];
  readonly planned: ReadonlySet<string>;
  readonly effects: readonly EffectCall[];
  /** When each killed process was seen to be gone. */
  readonly killsMs: readonly number[];
  /** In the order of the log, partition by partition, repeats included. */
  readonly log: readonly LoggedEvent[];
  /** Of the engine's tables: `<stream> <version>` to the event's id. */
  readonly engine: ReadonlyMap<string, string>;
  readonly readModel: readonly ExecutionRow[];
  readonly modelCalls: readonly ModelCall[];
}

/**
 * A call is written down when the outside world gets round to it. On busy processors that may be after its sender, killed
 * with the call on its way, was seen to be gone.
 */
const writtenLateMsMax = 1_000;

/** Whether a kill may have cut the first of two calls, so that there had to be a second. */
export function wasCut(killsMs: readonly number[], fromMs: number, toMs: number): boolean {
  return killsMs.some((killMs) => killMs >= fromMs - writtenLateMsMax && killMs <= toMs);
}

export interface EffectCall {
  readonly key: string;
  readonly effect: string;
  readonly tool: string;
  readonly at_ms: number;
}

export interface LoggedEvent {
  readonly id: string;
  readonly type: string;
  /** Undefined: a fact, which is in no stream. */
  readonly stream: string | undefined;
  readonly version: number | undefined;
  readonly timeMs: number;
  readonly data: Readonly<Record<string, unknown>>;
  /** Of the whole record. */
  readonly hash: string;
}

export interface ExecutionRow {
  readonly execution_id: string;
  readonly status: string;
  readonly end_version: string | null;
  readonly output_data: string | null;
  readonly prompt_tokens: string | null;
  readonly completion_tokens: string | null;
}

/** A question that the model server has seen. */
export interface ModelCall {
  /** The attempt that asked. */
  readonly token: string;
  readonly arrivedMs: number;
}

export type ExecutionAnomalyName =
  | 'lost-execution'
  | 'phantom-execution'
  | 'ended-twice'
  | 'never-ended'
  | 'repeated-effect'
  | 'repeat-without-kill'
  | 'key-of-two-effects'
  | 'effect-of-two-keys'
  | 'unlisted-unknown'
  | 'result-without-effect'
  | 'misordered'
  | 'two-bodies'
  | 'tables-differ'
  | 'read-model-differs'
  | 'asked-again';

export interface ExecutionAnomaly {
  readonly name: ExecutionAnomalyName;
  readonly detail: string;
}

/** What any kind of aggregate may be found to have broken. */
export interface LogAnomaly {
  readonly name: 'two-bodies' | 'misordered' | 'tables-differ';
  readonly detail: string;
}

/** All anomalies of the history; none means that it kept every promise. */
export function executionAnomalies(history: ExecutionHistory): readonly ExecutionAnomaly[] {
  const first = firstOccurrences(history.log);
  const stories = storiesOf(first);
  return [
    ...logAnomalies(history.log, first, history.engine),
    ...endAnomalies(history, stories),
    ...effectAnomalies(history, stories),
    ...readModelAnomalies(history.readModel, stories),
    ...askedAgain(history.modelCalls, first),
  ];
}

/** Records of one event beyond its first: allowed after a crash, and counted. */
export function repeatsOnLog(log: readonly LoggedEvent[]): number {
  return log.length - firstOccurrences(log).length;
}

/** What a kill fell into: calls of one key beyond the first, with the time between them. */
export function repeatedCalls(
  effects: readonly EffectCall[],
): readonly { key: string; tool: string; timesMs: number[] }[] {
  return [...byKey(effects)]
    .filter(([, calls]) => calls.length > 1)
    .map(([key, calls]) => ({
      key,
      tool: calls[0]?.tool ?? '',
      timesMs: calls.map(({ at_ms }) => at_ms).sort(ascending),
    }));
}

/** The log as whoever drops repeats sees it. */
export function firstOccurrences(log: readonly LoggedEvent[]): readonly LoggedEvent[] {
  const seen = new Set<string>();
  return log.filter(({ id }) => !seen.has(id) && seen.add(id));
}

/** What the log tells of one execution. */
interface Story {
  readonly executionId: string;
  readonly events: readonly LoggedEvent[];
  readonly facts: readonly LoggedEvent[];
}

const endTypes = new Set(['agent.execution_completed', 'agent.execution_failed', 'agent.execution_cancelled']);
const factTypes = new Set(['agent.executed', 'agent.failed']);

function storiesOf(first: readonly LoggedEvent[]): ReadonlyMap<string, Story> {
  const stories = new Map<string, { executionId: string; events: LoggedEvent[]; facts: LoggedEvent[] }>();
  for (const event of first) {
    const isOfExecution = event.stream?.startsWith('execution-') ?? factTypes.has(event.type);
    if (!isOfExecution) continue;
    const executionId = String(event.data['execution_id']);
    const story = stories.get(executionId) ?? { executionId, events: [], facts: [] };
    stories.set(executionId, story);
    (event.stream === undefined ? story.facts : story.events).push(event);
  }
  return stories;
}

const endsOf = ({ events }: Story) => events.filter(({ type }) => endTypes.has(type));

/** Ids of incidents that nobody has settled. */
function openIncidents({ events }: Story): readonly string[] {
  const settled = new Set(events.filter(({ type }) => type === 'agent.incident_settled').map(incidentOf));
  return events
    .filter(({ type }) => type === 'agent.incident_opened')
    .map(incidentOf)
    .filter((id) => !settled.has(id));
}

function incidentOf({ data }: LoggedEvent): string {
  return String(data['incident_id']);
}

/** Of log and tables alone: repeats that differ, versions out of order, and what one of both lacks. */
export function logAnomalies(
  log: readonly LoggedEvent[],
  first: readonly LoggedEvent[],
  engine: ReadonlyMap<string, string>,
): LogAnomaly[] {
  const found: LogAnomaly[] = [];
  const hashes = new Map<string, string>();
  for (const { id, hash } of log) {
    if ((hashes.get(id) ?? hash) !== hash) found.push({ name: 'two-bodies', detail: `event ${id}` });
    hashes.set(id, hash);
  }
  const versions = new Map<string, number>();
  const onLog = new Map<string, string>();
  for (const { id, stream, version } of first) {
    if (stream === undefined || version === undefined) continue;
    const before = versions.get(stream) ?? 0;
    if (version !== before + 1) {
      found.push({ name: 'misordered', detail: `${stream}: ${version} stands after ${before}` });
    }
    versions.set(stream, version);
    onLog.set(`${stream} ${version}`, id);
  }
  for (const [place, id] of engine) {
    if (onLog.get(place) !== id)
      found.push({ name: 'tables-differ', detail: `${place}: ${onLog.get(place)} on the log` });
  }
  for (const place of onLog.keys()) {
    if (!engine.has(place)) found.push({ name: 'tables-differ', detail: `${place} is on the log alone` });
  }
  return found;
}

function endAnomalies(
  { acknowledged, planned }: ExecutionHistory,
  stories: ReadonlyMap<string, Story>,
): ExecutionAnomaly[] {
  const found: ExecutionAnomaly[] = [];
  for (const id of acknowledged) if (!stories.has(id)) found.push({ name: 'lost-execution', detail: id });
  for (const story of stories.values()) {
    const { executionId: id, facts } = story;
    if (!planned.has(id)) found.push({ name: 'phantom-execution', detail: id });
    const ends = endsOf(story).length;
    if (ends > 1 || facts.length > 1) {
      found.push({ name: 'ended-twice', detail: `${id}: ${ends} ends, ${facts.length} facts` });
    }
    if (ends === 0 && openIncidents(story).length === 0) found.push({ name: 'never-ended', detail: id });
    if (ends === 1 && facts.length === 0) found.push({ name: 'never-ended', detail: `${id} has no fact of its end` });
  }
  return found;
}

function effectAnomalies(
  { effects, killsMs }: ExecutionHistory,
  stories: ReadonlyMap<string, Story>,
): ExecutionAnomaly[] {
  const found: ExecutionAnomaly[] = [];
  const keysOf = new Map<string, Set<string>>();
  for (const [key, calls] of byKey(effects)) {
    const names = new Set(calls.map(({ effect }) => effect));
    if (names.size > 1) found.push({ name: 'key-of-two-effects', detail: `${key}: ${[...names].join(', ')}` });
    for (const name of names) keysOf.set(name, (keysOf.get(name) ?? new Set()).add(key));
  }
  for (const [effect, keys] of keysOf) {
    if (keys.size > 1) found.push({ name: 'effect-of-two-keys', detail: `${effect}: ${[...keys].join(', ')}` });
  }
  for (const { key, tool, timesMs } of repeatedCalls(effects)) {
    if (idempotentOf[tool] !== true) {
      found.push({ name: 'repeated-effect', detail: `${tool} ${key}: ${timesMs.length} calls` });
      continue;
    }
    for (const [index, toMs] of timesMs.slice(1).entries()) {
      const fromMs = timesMs[index] ?? 0;
      if (!wasCut(killsMs, fromMs, toMs))
        found.push({ name: 'repeat-without-kill', detail: `${tool} ${key}: at ${fromMs} and ${toMs}` });
    }
  }
  return [...found, ...unknownOutcomes(effects, stories)];
}

/** Each effect has a result in its stream, or stands there as unknown; no result speaks of an effect that was not. */
function unknownOutcomes(effects: readonly EffectCall[], stories: ReadonlyMap<string, Story>): ExecutionAnomaly[] {
  const found: ExecutionAnomaly[] = [];
  const done = new Set(effects.map(({ effect }) => effect));
  for (const { executionId, events } of stories.values()) {
    for (const tool of Object.keys(idempotentOf)) {
      const of = (type: string) => events.filter((event) => event.type === type && event.data['tool_name'] === tool);
      const results = of('agent.tool_returned').map(({ data }) => String(data['status']));
      const effect = `${executionId}/${tool}`;
      const isListed = results.length > 0 || of('agent.incident_opened').length > 0;
      if (done.has(effect) && !isListed) found.push({ name: 'unlisted-unknown', detail: effect });
      if (results.includes('completed') && !done.has(effect)) {
        found.push({ name: 'result-without-effect', detail: effect });
      }
      if (results.length > 1) found.push({ name: 'ended-twice', detail: `${effect} has ${results.length} results` });
      const isUnknown = results.some((status) => status === 'lost' || status === 'unknown' || status === 'failed');
      if (idempotentOf[tool] === false && isUnknown && of('agent.incident_opened').length === 0) {
        found.push({ name: 'unlisted-unknown', detail: `${effect} is ${results.join()} without an incident` });
      }
    }
  }
  return found;
}

function readModelAnomalies(rows: readonly ExecutionRow[], stories: ReadonlyMap<string, Story>): ExecutionAnomaly[] {
  const found: ExecutionAnomaly[] = [];
  const known = new Map(rows.map((row) => [row.execution_id, row]));
  for (const story of stories.values()) {
    const row = known.get(story.executionId);
    const expected = rowOf(story);
    const differing = Object.entries(expected).filter(([name, value]) => row?.[name as keyof ExecutionRow] !== value);
    for (const [name, value] of differing) {
      const has = row?.[name as keyof ExecutionRow];
      found.push({
        name: 'read-model-differs',
        detail: `${story.executionId} ${name}: ${String(has)}, not ${String(value)}`,
      });
    }
  }
  for (const { execution_id: id } of rows) {
    if (!stories.has(id)) found.push({ name: 'read-model-differs', detail: `${id} is in no stream` });
  }
  return found;
}

/** What follows from the stream and its fact, folded here and not by the projection. */
function rowOf(story: Story): ExecutionRow {
  const [end] = endsOf(story);
  const [fact] = story.facts;
  const usage = Object(fact?.data['usage']);
  const text = (value: unknown) => (value === undefined || value === null ? null : String(value));
  const ended = end?.type.replace('agent.execution_', '');
  return {
    execution_id: story.executionId,
    status: ended ?? (openIncidents(story).length > 0 ? 'paused' : 'running'),
    end_version: text(end?.version),
    output_data: text(fact?.data['output_data']),
    prompt_tokens: text(usage.prompt_tokens),
    completion_tokens: text(usage.completion_tokens),
  };
}

/** The model server heard a question whose answer was stored by then. */
function askedAgain(calls: readonly ModelCall[], first: readonly LoggedEvent[]): ExecutionAnomaly[] {
  const turnOf = (event: LoggedEvent) => `${String(event.data['execution_id'])}/${String(event.data['turn'])}`;
  const tokens = new Map(
    first
      .filter(({ type }) => type === 'agent.turn_started')
      .map((event) => [String(event.data['attempt_token']), turnOf(event)]),
  );
  const stored = new Map(
    first.filter(({ type }) => type === 'agent.turn_recorded').map((event) => [turnOf(event), event.timeMs]),
  );
  return calls.flatMap(({ token, arrivedMs }) => {
    const turn = tokens.get(token);
    const storedMs = turn === undefined ? undefined : stored.get(turn);
    if (turn === undefined || storedMs === undefined || arrivedMs <= storedMs) return [];
    return [{ name: 'asked-again', detail: `${turn}, ${Math.round(arrivedMs - storedMs)} ms after it was stored` }];
  });
}

function byKey(effects: readonly EffectCall[]): ReadonlyMap<string, readonly EffectCall[]> {
  const calls = new Map<string, EffectCall[]>();
  for (const call of effects) calls.set(call.key, [...(calls.get(call.key) ?? []), call]);
  return calls;
}

const ascending = (one: number, other: number) => one - other;
