import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startStack } from '@chorda/testing';
import type { KilledServer } from './server-kills.js';
import { runWorkflows, type WorkflowsRunReport } from './workflows-run.js';

export const workflowsUsage = `npm run soak -- workflows [--runs 10000] [--kills 8] [--server-kills 6] [--at-once 100] [--seed 7] [--minutes N]

Runs workflows with branches, joins, a race, a map, timers, signals, people, steps of workers and runs within runs, while
two orchestrators, two workers, the gateway and the projector are killed that many times each, and Postgres and Kafka in
turn. Settles half of the incidents, and holds log, tables and read model against what the outside saw, and against a
replay by the pure rules. Exit code 1: a promise was broken. --plant BUG: of the orchestrators, to see it found.`;

export interface SoakWorkflowsOptions {
  readonly runs: number;
  /** Of each process. */
  readonly kills: number;
  readonly serverKills: number;
  readonly atOnce: number;
  readonly seed: number;
  readonly plant: string | undefined;
  /** After so many no run is started, and those that were are judged; undefined: all are started. */
  readonly minutes: number | undefined;
}

const victims = 6;

/** Runs it on servers of its own and tells what it saw. @returns The exit code. */
export async function soakWorkflows(options: SoakWorkflowsOptions): Promise<number> {
  const { plant, serverKills, minutes, ...rest } = options;
  const folder = mkdtempSync(join(tmpdir(), 'chorda-soak-'));
  console.log(`Logs, acknowledgements and effects: ${folder}`);
  const stack = await startStack();
  try {
    const report = await runWorkflows({
      ...{ ...rest, stack, folder },
      serverKills: Array.from({ length: serverKills }, (_, at): KilledServer => (at % 2 === 0 ? 'postgres' : 'kafka')),
      ...(plant !== undefined && { plant }),
      ...(minutes !== undefined && { startsForMs: minutes * 60_000 }),
      progress: (line) => console.log(`${new Date().toISOString().slice(11, 19)} ${line}`),
    });
    return tell(report, victims * options.kills + serverKills);
  } finally {
    await stack.stop();
  }
}

function tell(report: WorkflowsRunReport, killsWanted: number): number {
  const { hits, serverKills, killsAtRandom, killsInHand } = report;
  const kills = hits.length + killsAtRandom + serverKills.length;
  console.log(`${report.acknowledged} runs, ${report.effects} effects; ${JSON.stringify(report.statuses)}`);
  console.log(`${report.incidentsSettled} incidents settled; ${report.repeatsOnLog} repeats on the log`);
  console.log(`${report.acknowledgedAfterLastKill} starts after the last kill`);
  console.log(`${kills} kills, ${killsInHand} with something in hand or a transaction open:`);
  const places = [...hits, ...serverKills.map(({ server }) => server)];
  for (const place of new Set(places)) console.log(`  ${places.filter((hit) => hit === place).length} x ${place}`);
  console.log(`  ${killsAtRandom} x at random`);
  console.log(`${report.repeated.length} calls of idempotent tools were repeated, each over a kill`);
  console.log(`${report.statesReplayed} states kept by the engine were held against a replay of the log`);
  for (const anomaly of report.anomalies.slice(0, 30)) console.error(`${anomaly.name}: ${anomaly.detail}`);
  console.log(`${report.anomalies.length} anomalies`);
  const isVacuous =
    kills < killsWanted ||
    killsInHand * 3 < kills ||
    report.acknowledgedAfterLastKill === 0 ||
    report.statesReplayed === 0;
  if (isVacuous) console.error('The faults did not meet the load: start more runs, or kill more often');
  return report.anomalies.length > 0 || isVacuous ? 1 : 0;
}
