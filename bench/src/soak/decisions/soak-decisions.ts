import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startStack } from '@chorda/testing';
import { isDecisionInHand, runDecisions, type DecisionsRunReport } from './decisions-run.js';

export const decisionsUsage = `npm run soak -- decisions [--executions 5000] [--kills 5] [--seed 7]

Runs executions of agents whose tools have effects outside while two agent runtimes and two processes with users' tools are
killed that many times each, settles half of the incidents, and holds log, tables and read model against what the outside
saw. Exit code 1: a promise was broken. --plant BUG: of the agent runtimes, to see it found.`;

export interface SoakDecisionsOptions {
  readonly executions: number;
  /** Of each process. */
  readonly kills: number;
  readonly seed: number;
  readonly plant: string | undefined;
}

const atOnce = 60;

/** Runs it on servers of its own and tells what it saw. @returns The exit code. */
export async function soakDecisions({ executions, kills, seed, plant }: SoakDecisionsOptions): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'chorda-soak-'));
  console.log(`Logs, acknowledgements and effects: ${folder}`);
  const stack = await startStack();
  try {
    const report = await runDecisions({
      ...{ stack, folder, executions, atOnce, seed },
      ...{ runtimeKills: kills, workerKills: kills },
      ...(plant !== undefined && { plant }),
      progress: (line) => console.log(`${new Date().toISOString().slice(11, 19)} ${line}`),
    });
    return tell(report, 4 * kills);
  } finally {
    await stack.stop();
  }
}

function tell(report: DecisionsRunReport, killsWanted: number): number {
  const kills = report.hits.length + report.killsAtRandom;
  const inHand = report.hits.filter(isDecisionInHand).length;
  console.log(`${report.acknowledged} executions, ${report.effects} effects; ${JSON.stringify(report.statuses)}`);
  console.log(`${report.incidentsSettled} incidents settled, ${report.incidentsOpen} executions left as incidents`);
  console.log(
    `${report.repeatsOnLog} repeats on the log; ${report.acknowledgedAfterLastKill} starts after the last kill`,
  );
  console.log(`${kills} kills: ${report.killsAtRandom} at random, ${inHand} with a turn, a batch or a call in hand:`);
  for (const point of new Set(report.hits)) {
    console.log(`  ${report.hits.filter((hit) => hit === point).length} x ${point}`);
  }
  console.log(`${report.repeated.length} calls of idempotent tools were repeated, each over a kill:`);
  for (const { tool, key, timesMs } of report.repeated.slice(0, 20)) {
    console.log(`  ${tool} ${key}: ${timesMs.map((ms) => new Date(ms).toISOString().slice(11, 23)).join(', ')}`);
  }
  for (const anomaly of report.anomalies.slice(0, 20)) console.error(`${anomaly.name}: ${anomaly.detail}`);
  console.log(`${report.anomalies.length} anomalies`);
  const isVacuous = kills < killsWanted || inHand * 3 < kills || report.acknowledgedAfterLastKill === 0;
  if (isVacuous) console.error('The faults did not meet the load: start more executions, or kill more often');
  return report.anomalies.length > 0 || isVacuous ? 1 : 0;
}
