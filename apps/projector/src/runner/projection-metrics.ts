import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/** What the runner counts. Labels are names of projections and topics, never ids. */
export interface ProjectionMetrics {
  /** `result`: applied, repeat, ignored (nothing in it for this projection, or past its retention). */
  readonly events: Counter<'projection' | 'result'>;
  readonly batchSeconds: Histogram<'topic'>;
  /** `outcome`: committed, fenced, away, failed. */
  readonly batches: Counter<'topic' | 'outcome'>;
  /** `outcome`: committed, given_up (its batches were then written one by one). */
  readonly sharedTransactions: Counter<'outcome'>;
  readonly stoppedPartitions: Gauge<'topic'>;
  readonly versionGaps: Counter<'topic'>;
  /** `reason`: apply, data, undecodable, gap; behind (it waits for an earlier event of its aggregate). */
  readonly parked: Counter<'projection' | 'reason'>;
  /** `result`: settled, stuck (the next event failed), fenced, failed. */
  readonly retries: Counter<'projection' | 'result'>;
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
      help: 'From a batch in hand to its commit.',
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
    sharedTransactions: new Counter({
      name: 'chorda_projection_shared_transactions_total',
      help: 'Transactions that small batches of several partitions shared, by how they ended.',
      labelNames: ['outcome'],
      registers: [registry],
    }),
    stoppedPartitions: new Gauge({
      name: 'chorda_projection_stopped_partitions',
      help: 'Partitions in which a projection stands still because it cannot apply what comes.',
      labelNames: ['topic'],
      registers: [registry],
    }),
    versionGaps: new Counter({
      name: 'chorda_projection_version_gaps_total',
      help: 'Decisions before which versions of their stream were missing.',
      labelNames: ['topic'],
      registers: [registry],
    }),
    parked: new Counter({
      name: 'chorda_projection_parked_total',
      help: 'Events that were parked, by why.',
      labelNames: ['projection', 'reason'],
      registers: [registry],
    }),
    retries: new Counter({
      name: 'chorda_projection_parked_retries_total',
      help: 'Retries of parked sequences, by how they ended.',
      labelNames: ['projection', 'result'],
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

export interface ParkedCount {
  readonly projection: string;
  readonly sequences: number;
  readonly events: number;
}

/** What is parked in the partitions that this process holds, from its memory. */
export function exposeParked(registry: Registry, counts: () => readonly ParkedCount[]): void {
  const gauge = (name: string, help: string, figure: (count: ParkedCount) => number) =>
    new Gauge({
      name,
      help,
      labelNames: ['projection'],
      registers: [registry],
      collect() {
        this.reset();
        for (const count of counts()) this.inc({ projection: count.projection }, figure(count));
      },
    });
  gauge('chorda_projection_parked_sequences', 'Aggregates whose events are parked.', ({ sequences }) => sequences);
  gauge('chorda_projection_parked_events', 'Events that are parked.', ({ events }) => events);
}
