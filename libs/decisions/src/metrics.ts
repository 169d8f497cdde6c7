import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/** What the gauges ask of a running engine when they are scraped, for each partition that it owns. */
export interface PartitionStanding {
  readonly kind: string;
  readonly partition: number;
  /** Commands of the log that are not decided. */
  readonly lagCommands: number;
  /** Records that are committed and not yet acknowledged by the brokers. */
  readonly unpublishedRecords: number;
  /** Since when, in seconds; 0 with none. */
  readonly unpublishedSeconds: number;
  readonly cachedStreams: number;
  readonly stoppedBy: string | undefined;
}

const byRegistry = new WeakMap<Registry, DecisionMetrics>();

/** The figures of all engines that share a registry. */
export class DecisionMetrics {
  readonly commands: Counter<'kind' | 'outcome'>;
  readonly turns: Counter<'kind' | 'result'>;
  readonly turnSeconds: Histogram<'kind'>;
  readonly turnCommands: Histogram<'kind'>;
  readonly sharedTurns: Histogram<'kind'>;
  readonly records: Counter<'kind' | 'sort'>;
  readonly timers: Counter<'kind' | 'result'>;
  readonly timerLateness: Histogram<'kind'>;
  readonly faults: Counter<'kind'>;
  readonly publishSeconds: Histogram<'kind'>;
  readonly publishFailures: Counter<'kind'>;
  readonly republished: Counter<'kind'>;
  readonly tooLargeCommands: Counter<'kind'>;
  readonly imported: Counter<'kind'>;
  readonly claims: Counter<'kind'>;
  readonly waits: Counter<'kind' | 'cause'>;
  readonly streamReads: Counter<'kind' | 'from'>;
  readonly payloads: Counter<'kind' | 'result'>;
  readonly waiters: Gauge<'kind'>;
  readonly answers: Counter<'kind' | 'result'>;
  readonly refusedAtDoor: Counter<'kind' | 'reason'>;
  private readonly engines = new Set<() => readonly PartitionStanding[]>();

  static of(registry: Registry): DecisionMetrics {
    const known = byRegistry.get(registry);
    if (known) return known;
    const made = new DecisionMetrics(registry);
    byRegistry.set(registry, made);
    return made;
  }

  private constructor(registry: Registry) {
    const registers = [registry];
    const counter = <Label extends string>(name: string, help: string, ...labelNames: Label[]) =>
      new Counter<'kind' | Label>({
        name,
        help,
        labelNames: ['kind', ...labelNames],
        registers,
      });
    const histogram = (name: string, help: string, buckets: number[]) =>
      new Histogram({ name, help, labelNames: ['kind'] as const, buckets, registers });
    this.commands = counter('chorda_decisions_commands_total', 'Commands by what became of them', 'outcome');
    this.turns = counter('chorda_decisions_turns_total', 'Turns by how they ended', 'result');
    this.turnSeconds = histogram(
      'chorda_decisions_turn_seconds',
      'From the first read of a turn to its commit',
      seconds,
    );
    this.turnCommands = histogram(
      'chorda_decisions_turn_commands',
      'Commands and timers decided in one transaction',
      sizes,
    );
    this.sharedTurns = histogram(
      'chorda_decisions_transaction_turns',
      'Turns of several partitions that shared a transaction',
      sizes,
    );
    this.records = counter('chorda_decisions_records_total', 'Events, facts and work items that were decided', 'sort');
    this.timers = counter('chorda_decisions_timers_total', 'Timers that came due', 'result');
    this.timerLateness = histogram(
      'chorda_decisions_timer_lateness_seconds',
      'From when a timer is due to its turn',
      seconds,
    );
    this.faults = counter(
      'chorda_decisions_faults_total',
      'Times that a command could not be decided by a fault of ours',
    );
    this.publishSeconds = histogram(
      'chorda_decisions_publish_seconds',
      'From handing a batch to the brokers to its last answer',
      seconds,
    );
    this.publishFailures = counter(
      'chorda_decisions_publish_failures_total',
      'Batches that the brokers did not take at once',
    );
    this.tooLargeCommands = counter(
      'chorda_decisions_too_large_commands_total',
      'Commands that were refused because what they make is more than one batch of the log takes',
    );
    this.republished = counter(
      'chorda_decisions_republished_records_total',
      'Records that an owner published for one before it',
    );
    this.imported = counter(
      'chorda_decisions_imported_records_total',
      'Events that the log had and the database had not',
    );
    this.claims = counter('chorda_decisions_claims_total', 'Partitions that were taken');
    this.waits = counter(
      'chorda_decisions_waits_total',
      'Times that a partition had to wait before it went on',
      'cause',
    );
    this.streamReads = counter(
      'chorda_decisions_stream_reads_total',
      'Streams that turns needed, by where they came from',
      'from',
    );
    this.payloads = counter(
      'chorda_decisions_payloads_total',
      'Values by reference that rules read: from memory, from the store (read), failed, or too large',
      'result',
    );
    this.answers = counter('chorda_decisions_answers_total', 'Waits for an outcome by how they ended', 'result');
    this.refusedAtDoor = counter(
      'chorda_decisions_refused_total',
      'Commands that were told to come again before they were taken',
      'reason',
    );
    this.waiters = new Gauge({
      name: 'chorda_decisions_waiters',
      help: 'Callers that wait for an outcome',
      labelNames: ['kind'],
      registers,
    });
    this.addStandings(registry);
  }

  /** @returns Takes it away again. */
  add(standings: () => readonly PartitionStanding[]): () => void {
    this.engines.add(standings);
    return () => this.engines.delete(standings);
  }

  private addStandings(registry: Registry): void {
    const all = () => [...this.engines].flatMap((standings) => standings());
    const gauge = (name: string, help: string, valueOf: (standing: PartitionStanding) => number) =>
      new Gauge({
        name,
        help,
        labelNames: ['kind', 'partition'],
        registers: [registry],
        collect() {
          this.reset();
          for (const standing of all()) {
            this.set({ kind: standing.kind, partition: String(standing.partition) }, valueOf(standing));
          }
        },
      });
    gauge(
      'chorda_decisions_lag_commands',
      'Commands of the log that are not decided',
      ({ lagCommands }) => lagCommands,
    );
    gauge(
      'chorda_decisions_unpublished_records',
      'Committed records that the brokers have not acknowledged',
      (standing) => {
        return standing.unpublishedRecords;
      },
    );
    gauge(
      'chorda_decisions_unpublished_seconds',
      'Age of the oldest of them',
      ({ unpublishedSeconds }) => unpublishedSeconds,
    );
    gauge('chorda_decisions_cached_streams', 'States that are held in memory', ({ cachedStreams }) => cachedStreams);
    gauge(
      'chorda_decisions_stopped_partitions',
      '1 while the partition waits for something to be mended',
      ({ stoppedBy }) => Number(!!stoppedBy),
    );
  }
}

const seconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
const sizes = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000];
