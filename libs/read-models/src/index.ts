export { ApiKeyRepository, type ApiKeyRecord, type StoredApiKey } from './access/api-key.repository.js';
export { formatAdvances, checkpointChannel, type CheckpointAdvance } from './checkpoints/checkpoint-listener.js';
export { CheckpointRepository, type Checkpoint, type WaitAnswer } from './checkpoints/checkpoint.repository.js';
export {
  placesToAsk,
  projectionStandings,
  standingBounds,
  type LogBeyond,
  type PartitionStanding,
  type ProjectionStanding,
  type ProjectionState,
} from './checkpoints/projection-standing.js';
export { createPool, type PoolOptions } from './database/pool.js';
export { withoutTenant, withTenant } from './database/with-tenant.js';
export type { JournalEntry } from './journal/journal-entry.js';
export {
  JournalRepository,
  pageSizeMax,
  type JournalFilter,
  type JournalLookup,
  type JournalPage,
} from './journal/journal.repository.js';
export { migrate, MigrationError } from './migrations/migrate.js';
export { pendingMigrations } from './migrations/pending-migrations.js';
export { readerRole, ReaderRoleError } from './migrations/reader-role.js';
export { dayMs, dayOf, dropDayPartitions, ensureDayPartitions, partitionDays } from './partitions/day-partitions.js';
export { ServicesRepository, type ServiceHealthPoint, type ServiceInstance } from './services/services.repository.js';
