import type { Migration } from './migration.js';

/**
 * The stream that `stream_version` counts, as `ce_stream` says it: an agent's executions and sessions have streams of
 * their own beside the agent's, and a number alone tells none from another. Null where the stream is the subject's own.
 *
 * Rows from before have none until the journal is rebuilt. Every generation of the journal gets the column, and the view
 * shows it at its end, so that readers of either code go on.
 */
export const journalStreams: Migration = {
  id: '0024',
  name: 'journal-streams',
  statements: [
    `DO $$
     DECLARE journal_table text;
     BEGIN
       FOR journal_table IN
         SELECT 'journal_v1' UNION SELECT table_name FROM projection_generations WHERE projection = 'journal'
       LOOP
         EXECUTE format('ALTER TABLE %I ADD COLUMN stream text', journal_table);
       END LOOP;
       SELECT coalesce((SELECT g.table_name FROM projections p
           JOIN projection_generations g ON g.projection = p.name AND g.version = p.live_version
           WHERE p.name = 'journal'), 'journal_v1') INTO journal_table;
       EXECUTE format('CREATE OR REPLACE VIEW journal WITH (security_invoker = true) AS SELECT * FROM %I', journal_table);
     END $$`,
  ],
};
