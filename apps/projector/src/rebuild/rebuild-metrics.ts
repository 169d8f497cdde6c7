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
  };
}

export function showState({ inState }: RebuildMetrics, projection: string, state: RebuildState | undefined): void {
  for (const each of rebuildStates) {
    if (each === state) inState.set({ projection, state: each }, 1);
    else inState.remove({ projection, state: each });
  }
}
