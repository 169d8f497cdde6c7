import type { Migration } from './migration.js';

/**
 * Each request writes and deletes rows of these tables, which therefore stay small: keeping their indexes up cost more
 * than the few looks that they served.
 */
export const inferenceLighter: Migration = {
  id: '0028',
  name: 'inference-lighter',
  statements: [
    'DROP INDEX inference_attempts_open',
    'DROP INDEX inference_attempts_begun',
    'DROP INDEX inference_outbox_created',
  ],
};
