import type { Migration } from './migration.js';
import { tenantTable } from './tenant-table.js';

/**
 * What was answered to a request with an Idempotency-Key. A row without status is claimed by a gateway that answers it
 * right now, until `lease_until`; `token` tells that claim from a later one, so that a gateway which lost its claim
 * cannot write over the answer of the one that took it. `fingerprint` is the SHA-256 of what was sent.
 */
export const idempotentAnswers: Migration = {
  id: '0007',
  name: 'idempotent-answers',
  statements: [
    `CREATE TABLE idempotent_answers (
       tenant_id text NOT NULL,
       operation text NOT NULL,
       key text NOT NULL CHECK (length(key) BETWEEN 1 AND 255),
       fingerprint bytea NOT NULL CHECK (length(fingerprint) = 32),
       token uuid NOT NULL,
       lease_until timestamptz,
       status smallint,
       headers jsonb,
       body bytea,
       expires_at timestamptz NOT NULL,
       PRIMARY KEY (tenant_id, operation, key),
       CHECK (status IS NULL OR (headers IS NOT NULL AND body IS NOT NULL))
     )`,
    ...tenantTable('idempotent_answers', { readable: false }),
    'CREATE INDEX idempotent_answers_expiry ON idempotent_answers (expires_at)',
  ],
};
