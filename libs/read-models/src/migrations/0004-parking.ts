import type { Migration } from './migration.js';
import { tenantTable } from './tenant-table.js';

/**
 * What projections have set aside: one sequence for each aggregate whose event could not be applied, with that event and
 * all later ones of the aggregate, as the log had them. `sequence_id` is derived from projection, version, place and
 * key, so that one aggregate has one.
 *
 * Events are taken up again by `order_offset`, then by version: a version that came late stands before the one that it
 * was missing in front of. A record that could not be decoded has no version and no id.
 */
const parked: readonly string[] = [
  `CREATE TABLE parked_sequences (
     tenant_id text NOT NULL,
     sequence_id text NOT NULL,
     projection text NOT NULL,
     version integer NOT NULL,
     topic text NOT NULL,
     partition integer NOT NULL,
     aggregate_key text NOT NULL,
     events bigint NOT NULL,
     bytes bigint NOT NULL,
     first_offset bigint NOT NULL,
     last_offset bigint NOT NULL,
     reason text NOT NULL,
     fingerprint text NOT NULL,
     error_class text NOT NULL,
     error_code text,
     error_message text NOT NULL,
     event_type text,
     parked_at timestamptz NOT NULL,
     updated_at timestamptz NOT NULL,
     retries integer NOT NULL DEFAULT 0,
     retried_at timestamptz,
     retry_requested_at timestamptz,
     retry_requested_by text,
     PRIMARY KEY (tenant_id, sequence_id)
   )`,
  'CREATE INDEX parked_sequences_list ON parked_sequences (tenant_id, projection, fingerprint, parked_at, sequence_id)',
  'CREATE INDEX parked_sequences_place ON parked_sequences (topic, partition, projection, version)',
  'CREATE INDEX parked_sequences_requested ON parked_sequences (retry_requested_at) WHERE retry_requested_at IS NOT NULL',
  ...tenantTable('parked_sequences'),
  `CREATE TABLE parked_events (
     tenant_id text NOT NULL,
     sequence_id text NOT NULL,
     projection text NOT NULL,
     version integer NOT NULL,
     topic text NOT NULL,
     partition integer NOT NULL,
     "offset" bigint NOT NULL,
     order_offset bigint NOT NULL,
     stream_version bigint,
     record_time timestamptz NOT NULL,
     event_id text,
     event_type text,
     key bytea,
     value bytea,
     headers bytea NOT NULL,
     parked_at timestamptz NOT NULL,
     PRIMARY KEY (tenant_id, sequence_id, "offset")
   )`,
  'CREATE INDEX parked_events_place ON parked_events (projection, version, topic, partition, "offset")',
  ...tenantTable('parked_events'),
];

/**
 * What was given up, kept for ever: a rebuild leaves out what the live projection left out. `announced_at` is empty until
 * the log has the event that tells of it.
 */
const discards: readonly string[] = [
  `CREATE TABLE parked_discards (
     tenant_id text NOT NULL,
     discard_id uuid NOT NULL,
     projection text NOT NULL,
     version integer NOT NULL,
     topic text NOT NULL,
     partition integer NOT NULL,
     aggregate_key text NOT NULL,
     offsets bigint[] NOT NULL,
     first_offset bigint NOT NULL,
     last_offset bigint NOT NULL,
     reason text NOT NULL,
     discarded_by text NOT NULL,
     discarded_at timestamptz NOT NULL,
     announced_at timestamptz,
     PRIMARY KEY (tenant_id, discard_id)
   )`,
  'CREATE INDEX parked_discards_place ON parked_discards (projection, topic, partition)',
  'CREATE INDEX parked_discards_unannounced ON parked_discards (discarded_at) WHERE announced_at IS NULL',
  ...tenantTable('parked_discards'),
];

/**
 * Versions that the log lacked where a later one stood, at `found_offset`. One that came after all keeps its row, with the
 * offset that it came at: whoever reads the log again has to wait for it in the same place. A range that was accepted
 * holds nobody up any more.
 */
const gaps: readonly string[] = [
  `CREATE TABLE stream_gaps (
     tenant_id text NOT NULL,
     topic text NOT NULL,
     stream text NOT NULL,
     partition integer NOT NULL,
     from_version bigint NOT NULL,
     to_version bigint NOT NULL,
     found_offset bigint NOT NULL,
     found_at timestamptz NOT NULL DEFAULT now(),
     filled_offset bigint,
     accepted_at timestamptz,
     accepted_by text,
     reason text,
     PRIMARY KEY (tenant_id, topic, stream, from_version)
   )`,
  ...tenantTable('stream_gaps'),
];

/** Records that no projection can have: unreadable, and of no key that they could be parked by. Kept for 30 days. */
const deadLettered: readonly string[] = [
  `CREATE TABLE dead_lettered_records (
     topic text NOT NULL,
     partition integer NOT NULL,
     "offset" bigint NOT NULL,
     reason text NOT NULL,
     at timestamptz NOT NULL DEFAULT now(),
     PRIMARY KEY (topic, partition, "offset")
   )`,
  'GRANT SELECT ON dead_lettered_records TO chorda_reader',
];

/**
 * `parked_revision` counts what others than the partition's owner changed in its parked sequences: the owner learns of it
 * by the statement with which each of its batches begins.
 *
 * A position names a place and no tenant, so whoever waits for one asks by a function with the owner's rights, which says
 * whether the place is parked and nothing else. A repeat of a parked event counts as that event.
 */
const reading: readonly string[] = [
  'ALTER TABLE checkpoints ADD COLUMN parked_revision bigint NOT NULL DEFAULT 0',
  `CREATE FUNCTION is_parked(of_projection text, of_version integer, at_topic text, at_partition integer,
       at_offset bigint) RETURNS boolean
     LANGUAGE sql STABLE SECURITY DEFINER
     BEGIN ATOMIC
       SELECT EXISTS (
         SELECT FROM parked_events p WHERE p.projection = of_projection AND p.version = of_version
           AND p.topic = at_topic AND p.partition = at_partition AND p."offset" IN (at_offset, (
             SELECT r.first_offset FROM event_repeats r
             WHERE r.topic = at_topic AND r.partition = at_partition AND r."offset" = at_offset LIMIT 1)));
     END`,
  'REVOKE ALL ON FUNCTION is_parked(text, integer, text, integer, bigint) FROM PUBLIC',
  'GRANT EXECUTE ON FUNCTION is_parked(text, integer, text, integer, bigint) TO chorda_reader',
  // Whoever asks by place knows no tenant, which leads the key of the table.
  'CREATE INDEX event_repeats_place ON event_repeats (topic, partition, "offset")',
];

export const parking: Migration = {
  id: '0004',
  name: 'parking',
  statements: [...parked, ...discards, ...gaps, ...deadLettered, ...reading],
};
