import type { Migration } from './migration.js';
import { tenantTable } from './tenant-table.js';

/**
 * What the decision engine keeps, for every kind of aggregate alike.
 *
 * `decision_partitions` is what an owner holds: whoever raises `epoch` is the owner from then on. `published_seq` is the
 * last row of `decision_events` that the brokers have acknowledged, as far as is written down, and `published_offset` the
 * next offset of the event topic behind it.
 *
 * `decision_events` is stream, history and outbox in one: each row is the record that is published, byte for byte, so
 * that a repeat after a crash has the same body. Rows without a version are facts and work, which are in no stream; they
 * are deleted some time after they were published.
 *
 * `decision_timers` is an index of what the states of the streams wait for, and can be made anew from them.
 *
 * A command's outcome is told when rows up to its `partition_seq` are published.
 */
export const decisions: Migration = {
  id: '0013',
  name: 'decisions',
  statements: [
    `CREATE TABLE decision_partitions (
       kind text NOT NULL,
       partition integer NOT NULL,
       epoch bigint NOT NULL,
       owner text NOT NULL,
       next_command_offset bigint NOT NULL,
       next_partition_seq bigint NOT NULL,
       published_seq bigint NOT NULL,
       published_offset bigint NOT NULL,
       command_topic_id text,
       event_topic_id text,
       stopped_reason text,
       claimed_at timestamptz NOT NULL,
       updated_at timestamptz NOT NULL,
       PRIMARY KEY (kind, partition)
     )`,
    `CREATE TABLE decision_events (
       tenant_id text NOT NULL,
       kind text NOT NULL,
       partition integer NOT NULL,
       partition_seq bigint NOT NULL,
       stream_kind text,
       stream_id text,
       version bigint,
       subject text NOT NULL,
       type text NOT NULL,
       topic text NOT NULL,
       time_ms bigint NOT NULL,
       value bytea NOT NULL,
       headers text NOT NULL,
       PRIMARY KEY (kind, partition, partition_seq),
       CHECK (version IS NULL OR (stream_kind IS NOT NULL AND stream_id IS NOT NULL))
     )`,
    ...tenantTable('decision_events'),
    `CREATE UNIQUE INDEX decision_events_stream ON decision_events (tenant_id, kind, stream_kind, stream_id, version)
     WHERE version IS NOT NULL`,
    'CREATE INDEX decision_events_passing ON decision_events (time_ms) WHERE version IS NULL',
    `CREATE TABLE decision_streams (
       tenant_id text NOT NULL,
       kind text NOT NULL,
       stream_kind text NOT NULL,
       stream_id text NOT NULL,
       subject text NOT NULL,
       partition integer NOT NULL,
       version bigint NOT NULL,
       snapshot bytea,
       snapshot_version integer,
       snapshot_at bigint NOT NULL DEFAULT 0,
       PRIMARY KEY (tenant_id, kind, stream_kind, stream_id)
     )`,
    ...tenantTable('decision_streams'),
    `CREATE TABLE decision_timers (
       tenant_id text NOT NULL,
       kind text NOT NULL,
       stream_kind text NOT NULL,
       stream_id text NOT NULL,
       timer_id text NOT NULL,
       partition integer NOT NULL,
       subject text NOT NULL,
       due_ms bigint NOT NULL,
       correlation_id text NOT NULL,
       PRIMARY KEY (tenant_id, kind, stream_kind, stream_id, timer_id)
     )`,
    ...tenantTable('decision_timers', { readable: false }),
    'CREATE INDEX decision_timers_due ON decision_timers (kind, partition, due_ms)',
    `CREATE TABLE decision_outcomes (
       tenant_id text NOT NULL,
       kind text NOT NULL,
       command_id text NOT NULL,
       partition integer NOT NULL,
       partition_seq bigint NOT NULL,
       status text NOT NULL CHECK (status IN ('accepted', 'refused', 'failed')),
       body text NOT NULL,
       decided_at timestamptz NOT NULL DEFAULT now(),
       PRIMARY KEY (tenant_id, kind, command_id)
     )`,
    ...tenantTable('decision_outcomes', { readable: false }),
    'CREATE INDEX decision_outcomes_decided_at ON decision_outcomes (decided_at)',
  ],
};
