import { Inject, Injectable } from '@nestjs/common';
import { catalogueTopic, fixedTopics } from '@chorda/contracts';
import type { KafkaAdmin } from '@chorda/messaging';
import { gatewayAdmin } from '../gateway.tokens.js';
import { Problem } from '../http/problem.js';
import { ProjectionStandings } from '../projections/projection-standings.js';

export interface ShownPartition {
  readonly partition: number;
  readonly start_offset: string;
  readonly end_offset: string;
  /** Upper bound: offsets may have holes. */
  readonly records: string;
}

export interface ShownTopic {
  readonly name: string;
  readonly key: string;
  readonly retention_ms: number | null;
  /** Whether the brokers have it; `chorda topics apply` makes what is missing. */
  readonly exists: boolean;
  readonly partition_count: number;
  readonly replication_factor: number | null;
  readonly records: string;
  readonly config: Readonly<Record<string, string>>;
  readonly partitions: readonly ShownPartition[];
  readonly projections: readonly {
    readonly name: string;
    readonly lag_events: string | null;
    readonly lag_seconds: number | null;
  }[];
}

const answerMsMax = 2_000;

/** The topics of the catalogue as the brokers have them, asked at most once in two seconds. */
@Injectable()
export class TopicStates {
  private known: { readonly atMs: number; readonly topics: Promise<readonly ShownTopic[]> } | undefined;

  constructor(
    @Inject(gatewayAdmin) private readonly admin: KafkaAdmin,
    private readonly standings: ProjectionStandings,
  ) {}

  /** @throws {@link Problem} `UNAVAILABLE` where the brokers do not answer; a failure is not kept. */
  async all(): Promise<readonly ShownTopic[]> {
    if (this.known === undefined || Date.now() - this.known.atMs > answerMsMax) {
      this.known = { atMs: Date.now(), topics: this.read() };
    }
    const { topics } = this.known;
    try {
      return await topics;
    } catch (error) {
      if (this.known?.topics === topics) this.known = undefined;
      const headers = { 'retry-after': '1' };
      throw new Problem('UNAVAILABLE', 'The brokers cannot be asked at the moment', { headers, cause: error });
    }
  }

  private async read(): Promise<readonly ShownTopic[]> {
    const there = (await this.admin.listTopics()).filter((name) => catalogueTopic(name) !== undefined);
    const names = [...new Set([...fixedTopics.map(({ name }) => name), ...there])].sort();
    const states = new Map((await this.admin.describeTopics(there)).map((state) => [state.name, state]));
    const standings = await this.standings.all();
    const topics: ShownTopic[] = [];
    for (const name of names) {
      const entry = catalogueTopic(name);
      const state = states.get(name);
      const offsets = state === undefined ? [] : await this.admin.offsets(name);
      const partitions = offsets.map(({ partition, start, end }) => ({
        partition,
        start_offset: String(start),
        end_offset: String(end),
        records: String(end - start),
      }));
      topics.push({
        name,
        key: entry?.key ?? '',
        retention_ms: entry === undefined || entry.retentionMs === 'forever' ? null : entry.retentionMs,
        exists: state !== undefined,
        partition_count: state?.partitions ?? entry?.partitions ?? 0,
        replication_factor: state?.replicationFactor ?? null,
        records: String(offsets.reduce((sum, { start, end }) => sum + end - start, 0n)),
        config: state?.config ?? {},
        partitions: partitions.toSorted((one, other) => one.partition - other.partition),
        projections: standings.flatMap((standing) => {
          const mine = standing.partitions.filter(({ topic }) => topic === name);
          if (mine.length === 0) return [];
          const isKnown = mine.every(({ lag_events }) => lag_events !== null);
          const seconds = mine.map(({ lag_seconds }) => lag_seconds);
          return [
            {
              name: standing.name,
              lag_events: isKnown ? String(mine.reduce((sum, each) => sum + BigInt(each.lag_events ?? 0), 0n)) : null,
              lag_seconds: seconds.includes(null) ? null : Math.max(0, ...seconds.map(Number)),
            },
          ];
        }),
      });
    }
    return topics;
  }
}
