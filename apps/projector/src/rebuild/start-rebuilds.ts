import type { EventCodec } from '@chorda/contracts';
import type { Logger } from '@chorda/kernel';
import type { KafkaAdmin, KafkaDriver } from '@chorda/messaging';
import { createPool } from '@chorda/read-models';
import type pg from 'pg';
import type { Registry } from 'prom-client';
import type { ProjectorEnv } from '../projector.env.js';
import type { ParkBounds } from '../parking/park-bounds.js';
import type { AdvanceNotifier } from '../runner/advance-notifier.js';
import type { LiveDelay } from '../runner/live-delay.js';
import type { Projection } from '../runner/projection.js';
import { readingOnDemand } from '../runner/reading-on-demand.js';
import { LogReader } from './log-batches.js';
import { rebuildMetrics } from './rebuild-metrics.js';
import { FillSlot } from './rebuild-parts.js';
import { RebuildPace } from './rebuild-pace.js';
import { RebuildSupervisor } from './rebuild-supervisor.js';

export interface StartRebuilds {
  readonly env: ProjectorEnv;
  /** Every version of every projection that this code has. */
  readonly codes: readonly Projection[];
  /** The sessions of live. */
  readonly pool: pg.Pool;
  readonly driver: KafkaDriver;
  readonly admin: KafkaAdmin;
  readonly codec: EventCodec;
  readonly group: string;
  readonly owner: string;
  readonly topicId: (topic: string) => Promise<string | undefined>;
  readonly notifier: AdvanceNotifier;
  readonly bounds: ParkBounds;
  /** How late live is. */
  readonly liveDelay: LiveDelay;
  readonly metrics: Registry;
  readonly logger: Logger;
  readonly served: () => string | undefined;
  readonly onServingChanged: () => void;
}

export interface RunningRebuilds {
  stop(): Promise<void>;
}

const batchBytesMax = 16 * 1024 * 1024;

/** Rebuilds have sessions of their own, so that live never waits for a connection that one of them holds. */
export function startRebuilds(start: StartRebuilds): RunningRebuilds {
  const { env, metrics, liveDelay, ...parts } = start;
  const fillTimeoutMs = env.CHORDA_REBUILD_TRANSACTION_TIMEOUT_MS;
  const compareTimeoutMs = env.CHORDA_REBUILD_COMPARE_TIMEOUT_MS;
  const pool = createPool(env.DATABASE_URL, {
    applicationName: 'chorda rebuild',
    // Beside those that fill: one for the lease and what is looked up, one for tables and days.
    connectionsMax: env.CHORDA_REBUILD_CONNECTIONS + 2,
    statementTimeoutMs: fillTimeoutMs,
    transactionTimeoutMs: fillTimeoutMs,
    // What is filled begins empty, and grows.
    replanMsMax: 10_000,
  });
  const comparePool = createPool(env.DATABASE_URL, {
    applicationName: 'chorda rebuild comparing',
    connectionsMax: 1,
    statementTimeoutMs: compareTimeoutMs,
    transactionTimeoutMs: compareTimeoutMs,
    connectTimeoutMs: compareTimeoutMs,
  });
  const supervisor = new RebuildSupervisor({
    ...parts,
    pool,
    lockPool: start.pool,
    comparePool,
    reader: new LogReader(start.driver, readingOnDemand(start.codec), {
      recordsMax: env.CHORDA_REBUILD_BATCH_RECORDS,
      bytesMax: batchBytesMax,
    }),
    settings: {
      connectionsMax: env.CHORDA_REBUILD_CONNECTIONS,
      rateMax: env.CHORDA_REBUILD_EVENTS_PER_SECOND || undefined,
      keepHours: env.CHORDA_REBUILD_KEEP_HOURS,
      bounds: start.bounds,
    },
    metrics: rebuildMetrics(metrics),
    pace: new RebuildPace(liveDelay, {
      delayMsMax: env.CHORDA_REBUILD_LIVE_DELAY_MS,
      perSecondMin: env.CHORDA_REBUILD_EVENTS_PER_SECOND_MIN,
    }),
    fillSlot: new FillSlot(),
  });
  supervisor.start();
  return {
    async stop() {
      await supervisor.stop();
      await Promise.all([pool.end(), comparePool.end()]);
    },
  };
}
