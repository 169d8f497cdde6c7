import { rebuildStates, type RebuildState } from '@chorda/read-models';
import { Counter, Gauge, type Registry } from 'prom-client';

/** What rebuilds count. Labels are names of projections, never ids. */
export interface RebuildMetrics {
  /** `result`: applied, repeat, ignored, parked. */
  readonly events: Counter<'projection' | 'result'>;
  readonly eventsLeft: Gauge<'projection'>;
  readonly inState: Gauge<'projection' | 'state'>;
  /** `outcome`: done, locked (a reader held the view too long; tried again). */
  readonly swaps: Counter<'projection' | 'outcome'>;
  /** `result`: equal, different, counted. */
  readonly comparisons: Counter<'projection' | 'result'>;
  /** 1: it works all the time; less: it gives way to live. */
  readonly timeShare: Gauge<'projection'>;
  readonly restSeconds: Counter<'projection'>;
  /** Slices after which it would have rested longer, but for its least rate. */
  readonly atLeastRate: Counter<'projection'>;
}

export function rebuildMetrics(registry: Registry): RebuildMetrics {
  const registers = [registry];
  return {
    events: new Counter({
      name: 'chorda_rebuild_events_total',
      help: 'Events that a rebuild read from the log, by what became of them.',
      labelNames: ['projection', 'result'],
      registers,
    }),
    eventsLeft: new Gauge({
      name: 'chorda_rebuild_events_left',
      help: 'Events between the tables that are filled and the live ones.',
      labelNames: ['projection'],
      registers,
    }),
    inState: new Gauge({
      name: 'chorda_rebuild_state',
      help: '1 for the state of the open rebuild of the projection, in the process that does it.',
      labelNames: ['projection', 'state'],
      registers,
    }),
    swaps: new Counter({
      name: 'chorda_rebuild_swaps_total',
      help: 'Tries to let readers see the other tables, by how they ended.',
      labelNames: ['projection', 'outcome'],
      registers,
    }),
    comparisons: new Counter({
      name: 'chorda_rebuild_comparisons_total',
      help: 'Comparisons of new tables with the live ones.',
      labelNames: ['projection', 'result'],
      registers,
    }),
    timeShare: new Gauge({
      name: 'chorda_rebuild_time_share',
      help: 'Which part of its time a rebuild works; below 1 it gives way to the live projections.',
      labelNames: ['projection'],
      registers,
    }),
    restSeconds: new Counter({
      name: 'chorda_rebuild_rest_seconds_total',
      help: 'Seconds that a rebuild rested because the live projections come first.',
      labelNames: ['projection'],
      registers,
    }),
    atLeastRate: new Counter({
      name: 'chorda_rebuild_at_least_rate_total',
      help: 'Transactions of a rebuild after which it would have rested longer, but for its least rate.',
      labelNames: ['projection'],
      registers,
    }),
  };
}

/** It has ended, or is another process's: what it showed is no more. */
export function forgetRebuild(metrics: RebuildMetrics, projection: string): void {
  showState(metrics, projection, undefined);
  metrics.eventsLeft.remove({ projection });
  metrics.timeShare.remove({ projection });
}

export function showState({ inState }: RebuildMetrics, projection: string, state: RebuildState | undefined): void {
  for (const each of rebuildStates) {
    if (each === state) inState.set({ projection, state: each }, 1);
    else inState.remove({ projection, state: each });
  }
}
