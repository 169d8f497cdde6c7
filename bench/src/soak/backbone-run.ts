import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { freePorts } from '@chorda/native-stack';
import { prepareData } from '@chorda/native-stack/start';
import { freshDatabase, freshTopicPrefix, type StackAddresses } from '@chorda/testing';
import { entryOf, environmentOf, type AppName } from '../backbone.js';
import { sendDemoDay } from './demo-load.js';
import { readJournal, readLog, waitUntilApplied } from './found.js';
import { anomaliesOf, repeatsIn, type Anomaly } from './history.js';
import { Victim, type PlannedKill } from './victim.js';

export interface BackboneRunOptions {
  readonly stack: StackAddresses;
  /** Logs, acknowledgements and crash logs. */
  readonly folder: string;
  readonly events: number;
  readonly ratePerSecond: number;
  readonly killsOfEach: number;
  /** How long a killed projector keeps its partitions. Left out: as in production. */
  readonly projectorSessionMs?: number;
  readonly progress: (line: string) => void;
}

export interface BackboneRunReport {
  readonly acknowledged: number;
  readonly applied: number;
  /** Records of an event beyond its first, on the log: repeats after unknown outcomes. */
  readonly repeatsOnLog: number;
  /** Crash points that were hit, as the killed processes wrote them. */
  readonly hits: readonly string[];
  /** Acknowledgements that came after the last kill: the load ran on through it. */
  readonly acknowledgedAfterLastKill: number;
  readonly anomalies: readonly Anomaly[];
}

/** Where the gateway kills itself, in turn: with a batch in hand, and between the brokers' answer and its own. */
const gatewayKills: readonly PlannedKill[] = [
  { point: 'gateway-batch-in-hand', hit: 100 },
  { point: 'gateway-acknowledged-unanswered', hit: 100 },
];

/** Where the projector kills itself, in turn: around each step of a batch's transaction. */
const projectorKills: readonly PlannedKill[] = [
  { point: 'before-rows', hit: 8 },
  { point: 'after-rows-journal', hit: 8 },
  { point: 'before-commit', hit: 8 },
  { point: 'after-commit', hit: 8 },
];

/** The points at which a batch is in hand or a transaction open; the rest lie between one thing and the next. */
export function isInHand(point: string): boolean {
  return point !== 'after-commit' && point !== 'gateway-acknowledged-unanswered';
}

const appliedWithinMs = 180_000;

/**
 * Sends the demo day through the HTTP door while gateway and projector are killed, waits until the projector has
 * applied everything, and holds log and journal against the acknowledgements.
 */
export async function runBackbone(options: BackboneRunOptions): Promise<BackboneRunReport> {
  const { stack, folder, progress } = options;
  mkdirSync(folder, { recursive: true });
  const database = await freshDatabase(stack);
  const topicPrefix = freshTopicPrefix();
  const env = environmentOf(stack, database.url, topicPrefix);
  const log = { brokers: stack.kafkaBrokers.split(','), topicPrefix };
  const victims: Victim[] = [];
  try {
    const key = await prepareData(env, folder);
    const [port = 0, ...metricsPorts] = await freePorts(3);
    const gatewayEnv = { ...env, PORT: `${port}`, METRICS_PORT: `${metricsPorts[0]}` };
    victims.push(victimOf('gateway', gatewayEnv, gatewayKills, options));
    const session = options.projectorSessionMs !== undefined && {
      CHORDA_PROJECTOR_SESSION_TIMEOUT_MS: `${options.projectorSessionMs}`,
    };
    const projectorEnv = { ...env, ...session, METRICS_PORT: `${metricsPorts[1]}` };
    victims.push(victimOf('projector', projectorEnv, projectorKills, options));
    for (const victim of victims) victim.start();
    const demoEnv = { ...env, CHORDA_URL: `http://127.0.0.1:${port}`, CHORDA_API_KEY: key.text };
    const sent = await sendDemoDay({ ...options, cliEntry: entryOf('cli'), env: demoEnv });
    progress(`${sent.acknowledged.length} events acknowledged; waiting for the projector`);
    await waitUntilApplied(log, database.url, appliedWithinMs);
    // Only now: a kill that came when the load was over must count against the run.
    const lastKillMs = Math.max(...victims.map((victim) => victim.lastKillMs));
    const [onLog, readModel] = [await readLog(log), await readJournal(database.url)];
    return {
      acknowledged: sent.acknowledged.length,
      applied: readModel.length,
      repeatsOnLog: repeatsIn(onLog),
      hits: victims.flatMap((victim) => victim.hits()),
      acknowledgedAfterLastKill: sent.timesMs.filter((timeMs) => timeMs > lastKillMs).length,
      anomalies: anomaliesOf({ planned: sent.planned, acknowledged: sent.acknowledged, log: onLog, readModel }),
    };
  } finally {
    await Promise.allSettled(victims.map((victim) => victim.stop()));
    await database.drop();
  }
}

function victimOf(
  name: AppName,
  env: NodeJS.ProcessEnv,
  kills: readonly PlannedKill[],
  { folder, killsOfEach, progress }: BackboneRunOptions,
): Victim {
  return new Victim({
    name,
    script: entryOf(name),
    env,
    kills: Array.from({ length: killsOfEach }, (_, index) => kills[index % kills.length] as PlannedKill),
    crashLog: join(folder, `${name}.crashes`),
    outputFile: join(folder, `${name}.log`),
    progress,
  });
}
