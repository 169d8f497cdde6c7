import type { Migration } from './migration.js';

/**
 * What was given to somebody says since when, and whether its engine is told of that apart from the outcome. Whoever is
 * quick is heard of once: a start of its own would cost the engine as much as the outcome does.
 */
export const workBegun: Migration = {
  id: '0016',
  name: 'work-begun',
  statements: [
    ...['agent_work', 'workflow_work'].map(
      (table) =>
        `ALTER TABLE ${table} ADD COLUMN begun_at timestamptz, ADD COLUMN is_told boolean NOT NULL DEFAULT true`,
    ),
    "CREATE INDEX workflow_work_untold ON workflow_work (begun_at) WHERE state = 'leased' AND NOT is_told",
  ],
};
