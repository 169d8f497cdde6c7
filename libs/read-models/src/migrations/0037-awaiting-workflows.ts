import type { Migration } from './migration.js';

/**
 * Which workflows wait for each event, so that it goes with the last of them that is archived. Null in rows of before:
 * nobody knows who waits for those, and they stay.
 */
export const awaitingWorkflows: Migration = {
  id: '0037',
  name: 'awaiting-workflows',
  statements: ['ALTER TABLE workflow_awaited_events ADD COLUMN workflows text[]'],
};
