import { startStack } from '@chorda/testing';
import { runInference, type InferenceReport } from './inference-run.js';
import { isInferenceInHand } from './kill-plan.js';

export const inferenceUsage = `npm run soak -- inference [--requests 20000] [--kills 8] [--seed 7]

Asks at least that many requests of all priorities and two tenants, streamed and not, on the log and through a gateway, until
two workers were killed that many times each, model servers as often together and the gateway half as often, at points where
they have something in hand, one worker has slept past its session and gone on, Redis was flushed, and slots were halved and
given back; requests are cancelled meanwhile. Ends with one distinct outcome for each request on the topic, in the table and
in the read model, none without what it cost, and every call that the model servers wrote down accounted. Then, undisturbed:
shares of the priorities, high beside a backlog of low, equal tokens for tenants with prompts of different length, a cancel
that its server sees, and a window that follows slots which are halved and given back. Exit code 1: a promise was broken.`;

export interface InferenceSoak {
  readonly requests: number;
  /** Of each worker. */
  readonly kills: number;
  readonly seed: number;
}

/** Runs it on servers of its own and tells what it saw. @returns The exit code: 0 when every promise was kept. */
export async function soakInference({ requests, kills, seed }: InferenceSoak): Promise<number> {
  const counts = { workerKills: kills, serverKills: kills, gatewayKills: Math.ceil(kills / 2) };
  const progress = (line: string) => console.log(`${new Date().toISOString().slice(11, 19)} ${line}`);
  const stack = await startStack();
  try {
    const report = await runInference({ ...counts, requests, seed, stack, progress });
    return tell(report, 2 * counts.workerKills + counts.serverKills + counts.gatewayKills);
  } finally {
    await stack.stop();
  }
}

function tell(report: InferenceReport, killsWanted: number): number {
  const { hits, killsAtRandom, faults, anomalies } = report;
  const kills = hits.length + killsAtRandom;
  const inHand = hits.filter(isInferenceInHand).length;
  console.log(`${report.asked} requests, ${report.throughDoor} of them through the gateway`);
  console.log(`${report.repeatsAtDoor} repeats there; ${report.askedAfterLastKill} requests after the last kill`);
  console.log(`${kills} kills, ${inHand} of them with something in hand or a transaction open:`);
  for (const point of new Set(hits)) console.log(`  ${hits.filter((hit) => hit === point).length} x ${point}`);
  console.log(`  ${killsAtRandom} x at random`);
  console.log(`and ${faults.join(', ')}`);
  for (const anomaly of anomalies.slice(0, 20)) console.error(anomaly);
  console.log(`${anomalies.length} anomalies`);
  const isVacuous =
    kills < killsWanted || inHand * 3 < kills || report.askedAfterLastKill === 0 || report.repeatsAtDoor === 0;
  if (isVacuous) console.error('The faults did not meet the load: ask for more requests, or kill more often');
  return anomalies.length > 0 || isVacuous ? 1 : 0;
}
