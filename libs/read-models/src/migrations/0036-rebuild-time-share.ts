import type { Migration } from './migration.js';

/** Which part of its time a rebuild works; below 1 it gives way to the live projections. */
export const rebuildTimeShare: Migration = {
  id: '0036',
  name: 'rebuild-time-share',
  statements: ['ALTER TABLE projection_rebuilds ADD COLUMN time_share double precision'],
};
