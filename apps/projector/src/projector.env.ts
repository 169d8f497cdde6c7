import { databaseEnv, kafkaEnv, loggingEnv, readEnv, registryEnv, selfReportEnv, wholeNumber } from '@chorda/platform';
import { z } from 'zod';
import { parkBoundsDefault, type ParkBounds } from './parking/park-bounds.js';

const schema = z.object({
  ...kafkaEnv,
  ...registryEnv,
  ...databaseEnv,
  ...loggingEnv,
  ...selfReportEnv,
  /** Connections to Postgres: batches of as many partitions are written at once. */
  CHORDA_PROJECTOR_CONNECTIONS: wholeNumber(2, 100).default(6),
  CHORDA_PROJECTOR_BATCH_RECORDS: wholeNumber(1, 10_000).default(2_000),
  /** Keys, values and headers of one batch; a larger record goes alone. */
  CHORDA_PROJECTOR_BATCH_BYTES: wholeNumber(65_536, 67_108_864).default(4_194_304),
  /** How long records gather after a fetch that brought few; what comes after a quiet moment does not wait. */
  CHORDA_PROJECTOR_BATCH_WAIT_MS: wholeNumber(0, 1_000).default(5),
  /** How long a stop or a rebalance waits for the batch in hand. */
  CHORDA_PROJECTOR_DRAIN_TIMEOUT_MS: wholeNumber(100, 60_000).default(5_000),
  /** The broker gives a projector's partitions to others when it hears nothing of it for so long. */
  CHORDA_PROJECTOR_SESSION_TIMEOUT_MS: wholeNumber(1_000, 300_000).default(10_000),
  /** Whole days of the journal that are kept; 0 keeps it for ever. */
  CHORDA_JOURNAL_RETENTION_DAYS: wholeNumber(0, 36_500).default(365),
  CHORDA_HEALTH_RETENTION_DAYS: wholeNumber(1, 36_500).default(30),
  /** Whole days of rates a minute that are kept. */
  CHORDA_RATES_RETENTION_DAYS: wholeNumber(1, 36_500).default(30),
  /** Past any of these a projection stops in a partition, and parks nothing more there. */
  CHORDA_PARKED_EVENTS_MAX: wholeNumber(1, 1_000_000).default(parkBoundsDefault.eventsMax),
  CHORDA_PARKED_AGGREGATES_MAX: wholeNumber(1, 1_000_000).default(parkBoundsDefault.aggregatesMax),
  /** Of the last minute's events, in percent; counts from so many failed ones on. */
  CHORDA_PARKED_SHARE_PERCENT_MAX: wholeNumber(0, 100).default(parkBoundsDefault.shareMax * 100),
  CHORDA_PARKED_SHARE_FAULTS_MIN: wholeNumber(0, 1_000_000).default(parkBoundsDefault.faultsMin),
  /** Partitions that a rebuild fills at once. An eighth of the live connections, at least one, leaves live its pace. */
  CHORDA_REBUILD_CONNECTIONS: wholeNumber(1, 32).default(1),
  /** Events a second of a rebuild; 0: as fast as it goes. */
  CHORDA_REBUILD_EVENTS_PER_SECOND: wholeNumber(0, 10_000_000).default(0),
  /** So much later may live projections be because of a rebuild, which works less past it; 0: it never gives way. */
  CHORDA_REBUILD_LIVE_DELAY_MS: wholeNumber(0, 60_000).default(50),
  /** Events a second that a rebuild makes however late live is. */
  CHORDA_REBUILD_EVENTS_PER_SECOND_MIN: wholeNumber(1, 10_000_000).default(1_000),
  CHORDA_REBUILD_BATCH_RECORDS: wholeNumber(1, 100_000).default(10_000),
  /** How long the tables that were replaced are kept up for a swap back. */
  CHORDA_REBUILD_KEEP_HOURS: wholeNumber(0, 720).default(24),
  CHORDA_REBUILD_TRANSACTION_TIMEOUT_MS: wholeNumber(1_000, 600_000).default(60_000),
  CHORDA_REBUILD_COMPARE_TIMEOUT_MS: wholeNumber(1_000, 86_400_000).default(1_800_000),
});

export type ProjectorEnv = z.infer<typeof schema>;

export function readProjectorEnv(source: NodeJS.ProcessEnv): ProjectorEnv {
  return readEnv(schema, source);
}

export function parkBoundsOf(env: ProjectorEnv): ParkBounds {
  return {
    eventsMax: env.CHORDA_PARKED_EVENTS_MAX,
    aggregatesMax: env.CHORDA_PARKED_AGGREGATES_MAX,
    shareMax: env.CHORDA_PARKED_SHARE_PERCENT_MAX / 100,
    faultsMin: env.CHORDA_PARKED_SHARE_FAULTS_MIN,
  };
}
