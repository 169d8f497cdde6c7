import { isDeepStrictEqual } from 'node:util';
import { deserialize } from 'node:v8';
import type { WorkflowEvent } from '@chorda/contracts';
import { workflowsAggregate } from '@chorda/domain';
import type { LoggedEvent } from '../decisions/checker.js';
import { rowsOf } from '../decisions/found-decisions.js';
import type { RunAnomaly } from './checker.js';

/** What the engine has kept of its streams beside their events. */
export interface KeptStates {
  readonly timers: readonly { readonly stream: string; readonly timer_id: string; readonly due_ms: string }[];
  readonly snapshots: readonly { readonly stream: string; readonly snapshot_at: string; readonly state: unknown }[];
}

export async function readKeptStates(databaseUrl: string): Promise<KeptStates> {
  const timers = await rowsOf<KeptStates['timers'][number]>(
    databaseUrl,
    `SELECT stream_kind || '-' || stream_id AS stream, timer_id, due_ms::text FROM decision_timers WHERE kind = 'workflow'`,
  );
  const snapshots = await rowsOf<{ stream: string; snapshot_at: string; snapshot: Buffer }>(
    databaseUrl,
    `SELECT stream_kind || '-' || stream_id AS stream, snapshot_at::text, snapshot
     FROM decision_streams WHERE kind = 'workflow' AND snapshot IS NOT NULL`,
  );
  const stateOf = (snapshot: Buffer): unknown => deserialize(snapshot);
  return { timers, snapshots: snapshots.map(({ snapshot, ...place }) => ({ ...place, state: stateOf(snapshot) })) };
}

export interface Replay {
  readonly anomalies: readonly RunAnomaly[];
  /** States that the engine had kept as it was deciding, each held against the one that its events lead to. */
  readonly statesCompared: number;
}

/** Folding needs no expression. */
const { streams } = workflowsAggregate({
  expressions: {
    evaluate() {
      throw new TypeError('A fold evaluates nothing');
    },
  },
  schemaIssues: () => [],
});

/**
 * Folds the log by the pure rules alone: what each stream waits for is what the engine's index of timers has, and its
 * snapshot is the state that the events before it lead to.
 */
export function replay(first: readonly LoggedEvent[], kept: KeptStates): Replay {
  const byStream = new Map<string, LoggedEvent[]>();
  for (const event of first) {
    if (event.stream === undefined) continue;
    const list = byStream.get(event.stream) ?? [];
    byStream.set(event.stream, list);
    list.push(event);
  }
  const found: RunAnomaly[] = [];
  let statesCompared = 0;
  const timers = new Map(kept.timers.map((row) => [`${row.stream} ${row.timer_id}`, row.due_ms]));
  const snapshots = new Map(kept.snapshots.map((row) => [row.stream, row]));
  for (const [stream, events] of byStream) {
    const snapshot = snapshots.get(stream);
    const state = folded(stream, events, (version, now) => {
      if (String(version) !== snapshot?.snapshot_at) return;
      statesCompared += 1;
      if (!isDeepStrictEqual(now, snapshot.state)) {
        found.push({ name: 'snapshot-differs', detail: `${stream} at ${version}` });
      }
    });
    for (const { id, dueMs } of state) {
      const key = `${stream} ${id}`;
      if (timers.get(key) !== String(dueMs)) {
        found.push({ name: 'timers-differ', detail: `${key}: due ${timers.get(key)}, not ${dueMs}` });
      }
      timers.delete(key);
    }
  }
  for (const key of timers.keys()) found.push({ name: 'timers-differ', detail: `${key}: nothing waits for it` });
  return { anomalies: found, statesCompared };
}

/** @returns The timers of the state that the events lead to. */
function folded(
  stream: string,
  events: readonly LoggedEvent[],
  look: (version: number, state: unknown) => void,
): readonly { readonly id: string; readonly dueMs: number }[] {
  return stream.startsWith('workflow-') ? fold(streams.workflow, events, look) : fold(streams.branch, events, look);
}

function fold<State>(
  definition: {
    readonly initialState: State;
    evolve(state: State, event: WorkflowEvent): State;
    timers?(state: State): readonly { readonly id: string; readonly dueMs: number }[];
  },
  events: readonly LoggedEvent[],
  look: (version: number, state: unknown) => void,
) {
  let state = definition.initialState;
  for (const { type, data, version } of events) {
    // The codec has decoded it from the schema that its type names.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a union cannot be built from type and data apart
    state = definition.evolve(state, { type, data } as WorkflowEvent);
    look(version ?? 0, state);
  }
  return definition.timers?.(state) ?? [];
}
