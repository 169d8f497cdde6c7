import { rowsOf } from '../decisions/found-decisions.js';
import type { FoundReadModel, RunRow, StepRow, TaskRow } from './read-model-checker.js';

/** As the read model has them, all as text. */
export async function readRunTables(databaseUrl: string): Promise<FoundReadModel> {
  return {
    runs: await rowsOf<RunRow>(
      databaseUrl,
      `SELECT workflow_id, status, CASE WHEN ended_at IS NOT NULL THEN version::text END AS version, output_data, error_code, signals_received::text, timers_fired::text
       FROM runs`,
    ),
    steps: await rowsOf<StepRow>(databaseUrl, 'SELECT workflow_id, step_id, status FROM steps'),
    tasks: await rowsOf<TaskRow>(databaseUrl, 'SELECT workflow_id, task_id, decision FROM tasks'),
  };
}
