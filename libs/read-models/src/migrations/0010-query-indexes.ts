import type { Migration } from './migration.js';

/**
 * `source` is a filter of event searches that had no index: a source with few events among many had all of them read.
 */
export const queryIndexes: Migration = {
  id: '0010',
  name: 'query-indexes',
  statements: ['CREATE INDEX journal_v1_source ON journal_v1 (tenant_id, source, record_time)'],
};
