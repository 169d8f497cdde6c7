import { startStack } from '@chorda/testing';
import { runInference } from './inference-run.js';

export const inferenceUsage = `npm run soak -- inference [--requests 20000] [--kills 12]

Asks that many requests of all priorities and two tenants, streamed and not, on the log and through a gateway, while workers,
model servers and the gateway are killed so many times together, one worker sleeps past its session and goes on, Redis is
flushed, slots are halved and given back, and requests are cancelled. Ends with one distinct outcome for each request on the
topic, in the table and in the read model, none without what it cost. Then, undisturbed: shares of the priorities, high
beside a backlog of low, equal tokens for tenants with prompts of different length, a cancel that its server sees, and a
window that follows slots which are halved and given back.`;

export interface InferenceSoak {
  readonly requests: number;
  readonly kills: number;
}

const progress = (line: string) => console.log(`${new Date().toISOString().slice(11, 19)} ${line}`);

/** @returns The exit code: 0 when every promise was kept. */
export async function soakInference(soak: InferenceSoak): Promise<number> {
  const stack = await startStack();
  try {
    const { anomalies, asked, faults } = await runInference({ ...soak, stack, progress });
    for (const anomaly of anomalies.slice(0, 20)) console.error(anomaly);
    console.log(`${anomalies.length} anomalies in ${asked} requests, ${faults.length} faults`);
    return anomalies.length > 0 || faults.length < soak.kills ? 1 : 0;
  } finally {
    await stack.stop();
  }
}
