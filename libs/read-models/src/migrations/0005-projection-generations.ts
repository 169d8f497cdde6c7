import type { Migration } from './migration.js';

/**
 * A generation is one set of tables of a projection, with checkpoints of its own under its `version`. A version of the
 * code has one that its migration made, under its own number; a rebuild of the same code makes another, numbered from
 * 1001 on, with the table of the migration as its model. `role`:
 *
 * - `serving`: the projector applies every batch to it. One of them is live: `projections.live_version`, which the view
 *   shows. The others are kept for a swap back.
 * - `filling`: a rebuild writes it, and nobody else does.
 * - `idle`: nobody writes it; it holds nothing, unless it is live and its code is gone.
 *
 * Rows of these tables name no tenant's data, except in `report`, which the API gives to operators of all tenants alone.
 */
const generations: readonly string[] = [
  `CREATE TABLE projection_generations (
     projection text NOT NULL,
     version integer NOT NULL,
     code_version integer NOT NULL,
     table_name text NOT NULL UNIQUE,
     made_by text NOT NULL CHECK (made_by IN ('migration', 'rebuild')),
     role text NOT NULL CHECK (role IN ('serving', 'filling', 'idle')),
     created_at timestamptz NOT NULL DEFAULT now(),
     PRIMARY KEY (projection, version)
   )`,
  'GRANT SELECT ON projection_generations TO chorda_reader',
];

/**
 * One row for each rebuild; at most one of a projection is open. `wanted` is what a person asked for and the projector
 * has not done yet. `lease_epoch` grows with each process that takes the rebuild over, and every statement that moves
 * its state names the epoch it knows.
 */
const rebuilds: readonly string[] = [
  `CREATE TABLE projection_rebuilds (
     rebuild_id uuid PRIMARY KEY,
     projection text NOT NULL REFERENCES projections (name),
     from_version integer NOT NULL,
     to_version integer,
     state text NOT NULL CHECK (state IN ('requested', 'filling', 'catching_up', 'comparing', 'ready', 'mismatch',
       'swapped', 'swapped_back', 'done', 'cancelled', 'failed')),
     wanted text CHECK (wanted IN ('cancel', 'resume', 'swap', 'swap_back', 'drop_old')),
     swap_when_equal boolean NOT NULL,
     rate_max integer,
     connections_max integer,
     requested_by text NOT NULL,
     requested_at timestamptz NOT NULL DEFAULT now(),
     started_at timestamptz,
     filled_at timestamptz,
     swapped_at timestamptz,
     keep_until timestamptz,
     ended_at timestamptz,
     updated_at timestamptz NOT NULL DEFAULT now(),
     events_done bigint NOT NULL DEFAULT 0,
     events_total bigint NOT NULL DEFAULT 0,
     events_per_second double precision NOT NULL DEFAULT 0,
     reason text,
     report jsonb,
     owner text,
     lease_epoch bigint NOT NULL DEFAULT 0,
     lease_until timestamptz
   )`,
  `CREATE UNIQUE INDEX projection_rebuilds_open ON projection_rebuilds (projection)
     WHERE state NOT IN ('done', 'cancelled')`,
  'CREATE INDEX projection_rebuilds_requested_at ON projection_rebuilds (projection, requested_at)',
  'GRANT SELECT ON projection_rebuilds TO chorda_reader',
];

export const projectionGenerations: Migration = {
  id: '0005',
  name: 'projection-generations',
  statements: [...generations, ...rebuilds],
};
