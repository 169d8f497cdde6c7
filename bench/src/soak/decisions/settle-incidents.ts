import { ProblemError, type ChordaClient } from '@chorda/client';
import pg from 'pg';
import { readEffects } from './found-decisions.js';

export interface SettleOptions {
  readonly client: ChordaClient;
  readonly databaseUrl: string;
  readonly effectsFile: string;
}

interface CallState {
  readonly id: string;
  readonly name: string;
  readonly status: string;
  readonly incident: string | null;
}

/**
 * What a person does: looks outside whether the thing was done, and says so. Every second execution with an incident is
 * left as it stands.
 *
 * @returns How many incidents were settled.
 */
export async function settleIncidents({ client, databaseUrl, effectsFile }: SettleOptions): Promise<number> {
  const done = new Set(readEffects(effectsFile).map(({ effect }) => effect));
  const paused = await pausedExecutions(databaseUrl);
  let settled = 0;
  for (const [index, { execution_id: id, agent_id }] of paused.entries()) {
    if (index % 2 === 1) continue;
    const { state } = await client.executions.state(id, { agentId: agent_id });
    for (const { name, incident } of callsInDoubt(state)) {
      const isDone = done.has(`${id}/${name}`);
      const found = isDone
        ? ({ resolution: 'completed', output_data: { receipt: `${id}/${name}` } } as const)
        : ({ resolution: 'failed' } as const);
      const settlement = { ...found, agent_id, reason: 'as the world outside says' };
      try {
        await client.executions.settle(id, incident ?? '', settlement);
        settled += 1;
      } catch (error) {
        // The call was answered after all.
        if (!(error instanceof ProblemError && error.code === 'INCIDENT_NOT_OPEN')) throw error;
      }
    }
  }
  return settled;
}

function callsInDoubt(state: Readonly<Record<string, unknown>>): readonly CallState[] {
  const turns = (state['turns'] ?? []) as readonly { readonly calls: readonly CallState[] }[];
  return turns.flatMap(({ calls }) => calls).filter(({ status }) => status === 'in_doubt');
}

async function pausedExecutions(
  databaseUrl: string,
): Promise<readonly { readonly execution_id: string; readonly agent_id: string }[]> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const query = `SELECT execution_id, agent_id FROM executions WHERE status = 'paused' ORDER BY execution_id`;
    return (await client.query<{ execution_id: string; agent_id: string }>(query)).rows;
  } finally {
    await client.end();
  }
}
