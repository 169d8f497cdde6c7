import type { Migration } from './migration.js';

/**
 * Identities of events whose ids are UUIDv7, a block of them for each batch: 24 bytes an event where a row with its key
 * took 130 and a third of all that Postgres did for an event. They hold digests, and name no tenant's data.
 *
 * `event_identities` keeps what a block cannot answer for: ids of other forms, and those whose time is not that of their
 * record. `table_until_ms` is the highest time of an id that is there and in no block. A database that has identities
 * already asks them about every id of the next day; an id from a clock that is further ahead is another event.
 */
export const identityBlocks: Migration = {
  id: '0012',
  name: 'identity-blocks',
  statements: [
    `CREATE TABLE event_identity_heads (
       topic text NOT NULL,
       partition integer NOT NULL,
       last_block bigint NOT NULL,
       table_until_ms bigint NOT NULL,
       PRIMARY KEY (topic, partition)
     ) WITH (fillfactor = 50)`,
    `CREATE TABLE event_identity_blocks (
       topic text NOT NULL,
       partition integer NOT NULL,
       block bigint NOT NULL,
       first_offset bigint NOT NULL,
       entries integer NOT NULL,
       recorded_from_ms bigint NOT NULL,
       recorded_to_ms bigint NOT NULL,
       latest_ms bigint NOT NULL,
       id_from_ms bigint NOT NULL,
       id_to_ms bigint NOT NULL,
       identities bytea NOT NULL,
       PRIMARY KEY (topic, partition, block)
     )`,
    // Digests do not compress; trying costs more than all else that a block costs.
    'ALTER TABLE event_identity_blocks ALTER COLUMN identities SET STORAGE EXTERNAL',
    'CREATE INDEX event_identity_blocks_time ON event_identity_blocks (topic, partition, recorded_to_ms)',
    'CREATE INDEX event_identity_blocks_age ON event_identity_blocks USING brin (recorded_to_ms) WITH (pages_per_range = 8)',
    `INSERT INTO event_identity_heads (topic, partition, last_block, table_until_ms)
     SELECT DISTINCT topic, partition, 0, (extract(epoch FROM now()) * 1000)::bigint + 86400000
     FROM checkpoints WHERE EXISTS (SELECT FROM event_identities)`,
  ],
};
