import type { Migration } from './migration.js';
import { tenantTable } from './tenant-table.js';

/** Only `public` is open to everybody; the tables may live in a schema of their own. */
const schema: readonly string[] = [
  `DO $$ BEGIN EXECUTE format('GRANT USAGE ON SCHEMA %I TO chorda_reader', current_schema()); END $$`,
];

/**
 * The journal: every event of every topic, as it stands in the log, in day partitions by Kafka record time, so that
 * retention drops a table and deletes no row. There is no default partition: rows in it would block the partition that
 * they belong to.
 *
 * Each index is there for a documented filter and is paid for on every insert: place (primary key; the live tail reads
 * by it), time, type, subject, correlation id, event id.
 */
const journal: readonly string[] = [
  `CREATE TABLE journal_v1 (
     tenant_id text NOT NULL,
     topic text NOT NULL,
     partition integer NOT NULL,
     "offset" bigint NOT NULL,
     record_time timestamptz NOT NULL,
     event_id text NOT NULL,
     type text NOT NULL,
     source text NOT NULL,
     subject text NOT NULL,
     event_time timestamptz NOT NULL,
     correlation_id text NOT NULL,
     causation_id text,
     traceparent text,
     stream_version bigint,
     schema_fingerprint bytea NOT NULL,
     payload bytea NOT NULL,
     PRIMARY KEY (tenant_id, topic, partition, "offset", record_time)
   ) PARTITION BY RANGE (record_time)`,
  'CREATE INDEX journal_v1_time ON journal_v1 (tenant_id, record_time)',
  'CREATE INDEX journal_v1_type ON journal_v1 (tenant_id, type, record_time)',
  'CREATE INDEX journal_v1_subject ON journal_v1 (tenant_id, subject, record_time)',
  'CREATE INDEX journal_v1_correlation ON journal_v1 (tenant_id, correlation_id, record_time)',
  'CREATE INDEX journal_v1_event_id ON journal_v1 (tenant_id, event_id)',
  ...tenantTable('journal_v1'),
  'CREATE VIEW journal WITH (security_invoker = true) AS SELECT * FROM journal_v1',
  'GRANT SELECT ON journal TO chorda_reader',
];

/** The registry of services: one row for each instance that ever said something about itself. */
const services: readonly string[] = [
  `CREATE TABLE services_v1 (
     tenant_id text NOT NULL,
     service text NOT NULL,
     instance text NOT NULL,
     status text NOT NULL,
     version text,
     address text,
     pid integer,
     shares_process boolean NOT NULL DEFAULT false,
     started_at timestamptz,
     last_seen timestamptz NOT NULL,
     interval_ms bigint,
     cpu_usage double precision,
     cpu_count double precision,
     memory_usage double precision,
     memory_rss_bytes bigint,
     memory_limit_bytes bigint,
     heap_used_bytes bigint,
     heap_limit_bytes bigint,
     uptime_ms bigint,
     event_loop_usage double precision,
     event_loop_delay_p50_ms double precision,
     event_loop_delay_p99_ms double precision,
     active_agents bigint,
     queue_size bigint,
     alerts text[] NOT NULL DEFAULT '{}',
     error_count bigint NOT NULL DEFAULT 0,
     last_error_code text,
     last_error_message text,
     last_error_severity text,
     last_error_at timestamptz,
     PRIMARY KEY (tenant_id, service, instance)
   )`,
  'CREATE INDEX services_v1_last_seen ON services_v1 (tenant_id, last_seen)',
  ...tenantTable('services_v1'),
  'CREATE VIEW services WITH (security_invoker = true) AS SELECT * FROM services_v1',
  'GRANT SELECT ON services TO chorda_reader',
  `CREATE TABLE service_health_v1 (
     tenant_id text NOT NULL,
     service text NOT NULL,
     instance text NOT NULL,
     event_time timestamptz NOT NULL,
     topic text NOT NULL,
     partition integer NOT NULL,
     "offset" bigint NOT NULL,
     record_time timestamptz NOT NULL,
     status text NOT NULL,
     cpu_usage double precision NOT NULL,
     memory_usage double precision NOT NULL,
     active_agents bigint NOT NULL,
     queue_size bigint NOT NULL,
     alerts text[] NOT NULL,
     PRIMARY KEY (tenant_id, service, instance, event_time, topic, partition, "offset", record_time)
   ) PARTITION BY RANGE (record_time)`,
  ...tenantTable('service_health_v1'),
  'CREATE VIEW service_health WITH (security_invoker = true) AS SELECT * FROM service_health_v1',
  'GRANT SELECT ON service_health TO chorda_reader',
];

/**
 * Where each projection stands. Rows of these tables name no tenant's data; readers wait on them.
 *
 * `projections.live_version` is the version whose tables the views show.
 */
const checkpoints: readonly string[] = [
  `CREATE TABLE projections (
     name text PRIMARY KEY,
     live_version integer NOT NULL,
     topics text[] NOT NULL
   )`,
  `CREATE TABLE checkpoints (
     projection text NOT NULL,
     version integer NOT NULL,
     topic text NOT NULL,
     partition integer NOT NULL,
     next_offset bigint NOT NULL,
     owner_epoch bigint NOT NULL,
     owner text NOT NULL,
     topic_id text,
     updated_at timestamptz NOT NULL,
     stopped_reason text,
     PRIMARY KEY (projection, version, topic, partition)
   )`,
  'GRANT SELECT ON projections, checkpoints TO chorda_reader',
];

/**
 * Which facts a Kafka partition has brought already, by 128 bits of SHA-256 over partition and identity, kept for the
 * window of 30 days; and which records were repeats, kept for ever (they are few), so that a rebuild years later drops
 * what the live projection dropped.
 */
const identities: readonly string[] = [
  `CREATE TABLE event_identities (
     tenant_id text NOT NULL,
     identity uuid NOT NULL,
     first_offset bigint NOT NULL,
     record_time timestamptz NOT NULL,
     PRIMARY KEY (tenant_id, identity)
   )`,
  'CREATE INDEX event_identities_record_time ON event_identities USING brin (record_time) WITH (pages_per_range = 32)',
  ...tenantTable('event_identities', { readable: false }),
  `CREATE TABLE event_repeats (
     tenant_id text NOT NULL,
     topic text NOT NULL,
     partition integer NOT NULL,
     "offset" bigint NOT NULL,
     first_offset bigint NOT NULL,
     event_id text NOT NULL,
     source text NOT NULL,
     record_time timestamptz NOT NULL,
     PRIMARY KEY (tenant_id, topic, partition, "offset")
   )`,
  ...tenantTable('event_repeats'),
];

export const journalAndServices: Migration = {
  id: '0001',
  name: 'journal-and-services',
  statements: [...schema, ...journal, ...services, ...checkpoints, ...identities],
};
