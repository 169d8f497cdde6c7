import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/** What the runner counts. Labels are names of projections and topics, never ids. */
export interface ProjectionMetrics {
  /** `result`: applied, repeat, ignored (nothing in it for this projection, or past its retention). */
  readonly events: Counter<'projection' | 'result'>;
  readonly batchSeconds: Histogram<'topic'>;
  /** `outcome`: committed, fenced, away, failed. */
  readonly batches: Counter<'topic' | 'outcome'>;
  readonly stoppedPartitions: Gauge<'topic'>;
  readonly versionGaps: Counter<'topic'>;
}

export function projectionMetrics(registry: Registry): ProjectionMetrics {
  return {
    events: new Counter({
      name: 'chorda_projection_events_total',
      help: 'Events that a projection was given, by what became of them.',
      labelNames: ['projection', 'result'],
      registers: [registry],
    }),
    batchSeconds: new Histogram({
      name: 'chorda_projection_batch_seconds',
      help: 'From the first statement of a batch to its commit.',
      labelNames: ['topic'],
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
      registers: [registry],
    }),
    batches: new Counter({
      name: 'chorda_projection_batches_total',
      help: 'Transactions of the projector, by how they ended.',
      labelNames: ['topic', 'outcome'],
      registers: [registry],
    }),
    stoppedPartitions: new Gauge({
      name: 'chorda_projection_stopped_partitions',
      help: 'Partitions that stand still because an event could not be applied.',
      labelNames: ['topic'],
      registers: [registry],
    }),
    versionGaps: new Counter({
      name: 'chorda_projection_version_gaps_total',
      help: 'Decisions before which versions of their stream were missing.',
      labelNames: ['topic'],
      registers: [registry],
    }),
  };
}

export interface PartitionLag {
  readonly topic: string;
  readonly seconds: number;
  readonly records: number;
  readonly noProgressSeconds: number;
}

/** Gauges that are asked when they are read, so that a projector that hangs cannot show an old figure as its lag. */
export function exposeLag(
  registry: Registry,
  projections: readonly { readonly name: string; readonly topics: readonly string[] }[],
  lags: () => readonly PartitionLag[],
): void {
  const worstOf = (topics: readonly string[], figure: (lag: PartitionLag) => number) =>
    lags()
      .filter(({ topic }) => topics.includes(topic))
      .reduce((worst, lag) => Math.max(worst, figure(lag)), 0);
  const gauge = (name: string, help: string, figure: (lag: PartitionLag) => number) =>
    new Gauge({
      name,
      help,
      labelNames: ['projection'],
      registers: [registry],
      collect() {
        for (const { name: projection, topics } of projections) this.set({ projection }, worstOf(topics, figure));
      },
    });
  gauge(
    'chorda_projection_lag_seconds',
    'Age of the oldest event that the projection has not applied; 0 when there is none.',
    ({ seconds }) => seconds,
  );
  gauge(
    'chorda_projection_lag_records',
    'Records that the projection has not applied, in its partition that is furthest behind.',
    ({ records }) => records,
  );
  gauge(
    'chorda_projection_no_progress_seconds',
    'How long events have waited in a partition of the projection without one being applied; 0 when none waits.',
    ({ noProgressSeconds }) => noProgressSeconds,
  );
}
