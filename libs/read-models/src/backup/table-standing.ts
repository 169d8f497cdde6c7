/**
 * Tables whose rows are on no log and in no other place, each behind what it refers to. A backup has these and nothing
 * else; a table that a migration adds is named here or below, or a spec fails.
 */
export const keptHereAlone = [
  'tenants',
  'api_keys',
  'external_types',
  'external_type_versions',
  'agent_tools',
  'workflows',
  'workflow_versions',
  'workflow_awaited_events',
  'workflow_triggers',
  'workflow_trigger_fires',
  // A job that ran at the time of the backup goes on: what it did before is known by the ids of its commands.
  'run_jobs',
  // Offsets are past what said who waits for whose event; what has ended meanwhile is forgotten when it is told.
  'workflow_event_waits',
  'workflow_events_kept',
  'workflow_events_taken',
  // Changes that are committed and whose events are not published yet; published again they carry the same id.
  'audit_outbox',
  'inference_outbox',
  // What was spent today: losing it would let a budget be spent twice.
  'inference_budgets',
] as const;

/** Tables that are made again from the log, or that only matter while the processes that wrote them run. */
export const madeAgain: Readonly<Record<string, 'from the log' | 'by the running services'>> = {
  checkpoints: 'from the log',
  projections: 'by the running services',
  projection_generations: 'by the running services',
  projection_rebuilds: 'by the running services',
  filled_columns: 'by the running services',
  stream_versions: 'from the log',
  stream_gaps: 'from the log',
  parked_sequences: 'from the log',
  parked_events: 'from the log',
  parked_discards: 'from the log',
  dead_lettered_records: 'from the log',
  dead_letter_offsets: 'from the log',
  event_identity_heads: 'from the log',
  event_identity_blocks: 'from the log',
  event_identities: 'from the log',
  event_repeats: 'from the log',
  decision_partitions: 'from the log',
  decision_streams: 'from the log',
  decision_events: 'from the log',
  decision_timers: 'from the log',
  decision_outcomes: 'from the log',
  agent_work: 'from the log',
  workflow_work: 'from the log',
  // For 24 hours after a restore, a repeated Idempotency-Key is answered anew; the ids of its events stay the same.
  idempotent_answers: 'by the running services',
  // The log has them; what ran at a restore and had ended shortly before may be asked of a model again.
  inference_outcomes: 'by the running services',
  inference_attempts: 'by the running services',
  inference_workers: 'by the running services',
  inference_models: 'by the running services',
  chorda_migrations: 'by the running services',
};
