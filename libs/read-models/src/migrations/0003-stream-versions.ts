import type { Migration } from './migration.js';
import { tenantTable } from './tenant-table.js';

/**
 * The last version of each stream that was applied, and the offset that brought it: what came at that offset or before
 * it was decided then, and is decided alike when it is read again. It begins with what the journal holds, so that a
 * stream that is under way shows no gap. `gaps` counts the times that versions were missing before one that came.
 *
 * A repeat of a version has no first offset: only the last one of its stream is known. Its `stream_version` says that it
 * was found by version and not by identity.
 *
 * `advanced_at` is the last time that events moved a checkpoint: `updated_at` moves with a claim too, and would let a
 * projector that restarts without end look as if it went on.
 */
export const streamVersions: Migration = {
  id: '0003',
  name: 'stream-versions',
  statements: [
    `CREATE TABLE stream_versions (
       tenant_id text NOT NULL,
       topic text NOT NULL,
       stream text NOT NULL,
       partition integer NOT NULL,
       version bigint NOT NULL,
       "offset" bigint NOT NULL,
       gaps bigint NOT NULL DEFAULT 0,
       PRIMARY KEY (tenant_id, topic, stream)
     )`,
    ...tenantTable('stream_versions', { readable: false }),
    `INSERT INTO stream_versions (tenant_id, topic, stream, partition, version, "offset")
     SELECT DISTINCT ON (tenant_id, topic, subject) tenant_id, topic, subject, partition, stream_version, "offset"
     FROM journal_v1 WHERE stream_version IS NOT NULL
     ORDER BY tenant_id, topic, subject, stream_version DESC, "offset" DESC`,
    'ALTER TABLE event_repeats ADD COLUMN stream_version bigint, ALTER COLUMN first_offset DROP NOT NULL',
    'ALTER TABLE checkpoints ADD COLUMN advanced_at timestamptz',
  ],
};
