import { sleep, type Logger } from '@chorda/kernel';
import type { KafkaAdmin, KafkaDriver } from '@chorda/messaging';
import { isPlanted } from '@chorda/platform';
import type pg from 'pg';
import type { Registry } from 'prom-client';
import { DecisionMetrics } from '../metrics.js';

export interface AdmissionParts {
  readonly pool: pg.Pool;
  readonly driver: KafkaDriver;
  readonly kind: string;
  readonly commandTopic: string;
  readonly metrics: Registry;
  readonly logger: Logger;
  /** Commands of one partition that may wait for their decision. Default 20,000. */
  readonly lagCommandsMax?: number;
  /** How old the oldest decision may be that the brokers have not acknowledged. Default 10 s. */
  readonly unpublishedSecondsMax?: number;
}

/** Why a command is not taken, and when to come again. */
export interface AdmissionRefusal {
  readonly reason: 'lag' | 'unpublished';
  readonly retryAfterSeconds: number;
}

interface PartitionLag {
  readonly lag: bigint;
  readonly nextOffset: bigint;
  readonly unpublishedSeconds: number;
  /** Commands a second that were decided of late. */
  readonly rate: number;
}

const lookEveryMs = 1_000;
const retryAfterSecondsMax = 60;

/**
 * Refuses commands before they are taken when the engine cannot keep up with a partition: a caller who is told to come
 * again is served better than one whose command waits behind all others.
 */
export class DecisionAdmission {
  private readonly partitions = new Map<number, PartitionLag>();
  private readonly ending = new AbortController();
  private readonly metrics: DecisionMetrics;
  private readonly lagMax: bigint;
  private readonly unpublishedSecondsMax: number;
  private watching: Promise<void> | undefined;
  private lookedAtMs = 0;
  /** For all looks: a connection for each was a handshake a second. */
  private admin: KafkaAdmin | undefined;

  constructor(private readonly parts: AdmissionParts) {
    this.metrics = DecisionMetrics.of(parts.metrics);
    this.lagMax = BigInt(parts.lagCommandsMax ?? 20_000);
    this.unpublishedSecondsMax = parts.unpublishedSecondsMax ?? 10;
  }

  start(): void {
    this.watching ??= this.watch();
  }

  async close(): Promise<void> {
    this.ending.abort();
    await this.watching;
    await this.admin?.close();
  }

  /** Undefined: the command may be sent. */
  refusal(partition: number): AdmissionRefusal | undefined {
    const known = isPlanted('decisions-no-admission') ? undefined : this.partitions.get(partition);
    const refusal = known && this.judge(known);
    if (refusal) this.metrics.refusedAtDoor.inc({ kind: this.parts.kind, reason: refusal.reason });
    return refusal;
  }

  private judge({ lag, rate, unpublishedSeconds }: PartitionLag): AdmissionRefusal | undefined {
    if (unpublishedSeconds > this.unpublishedSecondsMax) {
      return { reason: 'unpublished', retryAfterSeconds: boundedSeconds(unpublishedSeconds) };
    }
    if (lag <= this.lagMax) return undefined;
    // Until half of it is gone: those who are told to wait would all return at the bound otherwise.
    return { reason: 'lag', retryAfterSeconds: boundedSeconds(Number(lag - this.lagMax / 2n) / Math.max(1, rate)) };
  }

  /** Looks once; `start` does it every second. */
  async look(): Promise<void> {
    const { pool, driver, kind, commandTopic } = this.parts;
    this.admin ??= await driver.admin();
    const ends = new Map((await this.admin.offsets(commandTopic)).map(({ partition, end }) => [partition, end]));
    const { rows } = await pool.query<{
      partition: number;
      next_command_offset: string;
      oldest_seconds: number | null;
    }>(
      `SELECT partition, next_command_offset, (
         SELECT extract(epoch FROM clock_timestamp()) - e.time_ms / 1000.0 FROM decision_events e
         WHERE e.kind = p.kind AND e.partition = p.partition AND e.partition_seq > p.published_seq
         ORDER BY e.partition_seq LIMIT 1)::float8 AS oldest_seconds
       FROM decision_partitions p WHERE kind = $1`,
      [kind],
    );
    const nowMs = Date.now();
    const elapsed = Math.max(0.001, (nowMs - this.lookedAtMs) / 1000);
    this.lookedAtMs = nowMs;
    for (const row of rows) {
      const nextOffset = BigInt(row.next_command_offset);
      const before = this.partitions.get(row.partition)?.nextOffset ?? nextOffset;
      const end = ends.get(row.partition) ?? nextOffset;
      this.partitions.set(row.partition, {
        lag: end > nextOffset ? end - nextOffset : 0n,
        nextOffset,
        unpublishedSeconds: row.oldest_seconds ?? 0,
        rate: Math.max(0, Number(nextOffset - before)) / elapsed,
      });
    }
  }

  private async watch(): Promise<void> {
    while (!this.ending.signal.aborted) {
      try {
        await this.look();
      } catch (error) {
        this.parts.logger.warn('The lag of decisions could not be read', { kind: this.parts.kind, error });
      }
      await sleep(lookEveryMs, this.ending.signal);
    }
  }
}

function boundedSeconds(seconds: number): number {
  return Math.min(retryAfterSecondsMax, Math.max(1, Math.ceil(seconds)));
}
