import { ProblemError, type ChordaClient } from '@chorda/client';
import { sleep } from '@chorda/kernel';
import { readEffects, rowsOf } from '../decisions/found-decisions.js';
import { untilAnswered } from '../paced-load.js';
import { acknowledge, hasEnded } from './run-load.js';

const lookEveryMs = 300;
const tasksAtOnce = 50;

export interface PeopleOptions {
  readonly client: ChordaClient;
  readonly databaseUrl: string;
  readonly acksFile: string;
  readonly effectsFile: string;
}

/** Those who are asked: they approve whatever stands open, until `signal` aborts. */
export async function decideTasks(
  { client, databaseUrl, acksFile }: PeopleOptions,
  signal: AbortSignal,
): Promise<void> {
  const decided = new Set<string>();
  while (!signal.aborted) {
    const open = await openTasks(databaseUrl).catch(() => []);
    await Promise.all(
      open
        .filter((id) => !decided.has(id))
        .map(async (id) => {
          const answer = { user_id: 'ada', decision: 'approved' } as const;
          const hasTaken = await untilAnswered(() => client.tasks.decide(id, answer, { idempotencyKey: id })).then(
            () => true,
            hasEnded,
          );
          decided.add(id);
          if (hasTaken) acknowledge(acksFile, 'decision', id);
        }),
    );
    await sleep(lookEveryMs, signal);
  }
}

async function openTasks(databaseUrl: string): Promise<readonly string[]> {
  const query = `SELECT task_id FROM tasks WHERE status = 'open' ORDER BY opened_at LIMIT ${tasksAtOnce}`;
  return (await rowsOf<{ task_id: string }>(databaseUrl, query)).map(({ task_id: id }) => id);
}

/**
 * What a person does about incidents: looks outside whether the thing was done, and says so. Every second run with an
 * incident is left as it stands.
 *
 * @returns How many were settled.
 */
export async function settleRuns({ client, databaseUrl, effectsFile }: PeopleOptions): Promise<number> {
  const done = new Set(readEffects(effectsFile).map(({ effect }) => effect));
  const paused = await rowsOf<{ workflow_id: string }>(
    databaseUrl,
    `SELECT workflow_id FROM runs WHERE status = 'paused' ORDER BY workflow_id`,
  );
  let settled = 0;
  for (const [index, { workflow_id: id }] of paused.entries()) {
    if (index % 2 === 1) continue;
    for (const step of await stepsInDoubt(databaseUrl, id)) {
      const isDone = done.has(`${id}/${step}`);
      const found = isDone
        ? { step_id: step, resolution: 'completed' as const, output_data: { receipt: `${id}/${step}` } }
        : { step_id: step, resolution: 'repeat' as const };
      try {
        await untilAnswered(() => client.runs.retry(id, found, { idempotencyKey: `${id}/${step}/settle` }));
        settled += 1;
      } catch (error) {
        // It was answered after all.
        if (!(error instanceof ProblemError && error.status === 409)) throw error;
      }
    }
  }
  return settled;
}

function stepsInDoubt(databaseUrl: string, run: string): Promise<readonly string[]> {
  const query = `SELECT step_id FROM steps WHERE workflow_id = '${run}' AND status = 'failed' AND ended_at IS NOT NULL
    AND step_type = 'tool' ORDER BY step_id`;
  return rowsOf<{ step_id: string }>(databaseUrl, query).then((rows) => rows.map(({ step_id: id }) => id));
}
