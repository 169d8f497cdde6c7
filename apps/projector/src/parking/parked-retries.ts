import type { EventCodec } from '@chorda/contracts';
import type { Logger } from '@chorda/kernel';
import type { TopicPartition } from '@chorda/messaging';
import type pg from 'pg';
import type { Worker } from '../runner/apply-slice.js';
import { PartitionFencedError } from '../runner/errors.js';
import type { ProjectionMetrics } from '../runner/projection-metrics.js';
import type { SequencePlace } from './parked-sequence.js';
import { retryFront } from './retry-sequence.js';

export interface ParkedRetriesParts {
  readonly pool: pg.Pool;
  readonly codec: Pick<EventCodec, 'decode' | 'learn'>;
  readonly metrics: Pick<ProjectionMetrics, 'retries'>;
  readonly logger: Logger;
  /** What this process holds: it serves the retries of these and of no others. */
  readonly workers: () => readonly (TopicPartition & { readonly worker: Worker })[];
}

interface RequestRow {
  readonly tenant_id: string;
  readonly sequence_id: string;
  readonly projection: string;
  readonly version: number;
  readonly topic: string;
  readonly partition: number;
}

/** Requests that one look takes on; what is left is found by the next one. */
const requestsMax = 100;

/**
 * Serves retries that were asked for, of the partitions that this process has claimed, one after the other: whoever asks
 * writes it on the sequence and rings. A request stays until it is served, so one that was rung for nobody, or that was
 * half served when its process was killed, is taken up by the next look of whoever has the partition then.
 */
export class ParkedRetries {
  private serving: Promise<void> | undefined;
  private isRung = false;
  private isEnding = false;

  constructor(private readonly parts: ParkedRetriesParts) {}

  /** Look for requests; rings that come meanwhile make one more look. */
  ring(): void {
    this.isRung = true;
    if (this.isEnding) return;
    this.serving ??= this.serve().finally(() => {
      this.serving = undefined;
      if (this.isRung) this.ring();
    });
  }

  /** Resolves when nothing that was asked for is left undone. */
  async settled(): Promise<void> {
    while (this.serving) await this.serving;
  }

  async stop(): Promise<void> {
    this.isEnding = true;
    this.isRung = false;
    await this.settled();
  }

  private async serve(): Promise<void> {
    while (this.isRung && !this.isEnding) {
      this.isRung = false;
      try {
        const requests = await this.requests();
        for (const request of requests) if (!this.isEnding) await this.retry(request);
        if (requests.length === requestsMax) this.isRung = true;
      } catch (error) {
        this.parts.logger.warn('Cannot look for retries that were asked for; trying again later', { error });
      }
    }
  }

  private async requests(): Promise<readonly RequestRow[]> {
    const held = this.parts.workers();
    if (held.length === 0) return [];
    const { rows } = await this.parts.pool.query<RequestRow>(
      `SELECT tenant_id, sequence_id, projection, version, topic, partition FROM parked_sequences
       JOIN unnest($1::text[], $2::int[], $3::text[], $4::int[]) AS mine (projection, version, topic, partition)
         USING (projection, version, topic, partition)
       WHERE retry_requested_at IS NOT NULL ORDER BY retry_requested_at LIMIT ${requestsMax}`,
      [
        held.map(({ worker }) => worker.claim.projection),
        held.map(({ worker }) => worker.claim.version),
        held.map(({ topic }) => topic),
        held.map(({ partition }) => partition),
      ],
    );
    return rows;
  }

  private async retry(row: RequestRow): Promise<void> {
    const { topic, partition, projection } = row;
    const place: SequencePlace = { tenantId: row.tenant_id, sequenceId: row.sequence_id, topic, partition };
    const count = (result: string) => this.parts.metrics.retries.inc({ projection, result });
    try {
      for (let result = 'more'; result === 'more' && !this.isEnding;) {
        const worker = this.workerOf(row);
        if (!worker) return;
        result = await retryFront(this.parts.pool, this.parts.codec, worker, place);
        if (result !== 'more') count(result);
      }
    } catch (error) {
      count(error instanceof PartitionFencedError ? 'fenced' : 'failed');
      this.parts.logger.warn('A retry of a parked sequence could not be served; it is still asked for', {
        projection,
        topic,
        partition,
        sequence_id: row.sequence_id,
        error,
      });
    }
  }

  private workerOf(row: RequestRow): Worker | undefined {
    return this.parts.workers().find(({ topic, partition, worker: { claim } }) => {
      const isHere = topic === row.topic && partition === row.partition;
      return isHere && claim.projection === row.projection && claim.version === row.version;
    })?.worker;
  }
}
