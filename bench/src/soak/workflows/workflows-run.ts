import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ChordaClient } from '@chorda/client';
import { sleep } from '@chorda/kernel';
import { freePorts } from '@chorda/native-stack';
import { prepareData } from '@chorda/native-stack/start';
import { freshDatabase, freshTopicPrefix, type TestStack } from '@chorda/testing';
import { entryOf, environmentOf } from '../../backbone.js';
import { startOwnedProcess, type OwnedProcess } from '../../owned-process.js';
import { firstOccurrences, repeatedCalls, repeatsOnLog } from '../decisions/checker.js';
import {
  linesOf,
  readDecisions,
  readEffects,
  readEngine,
  rowsOf,
  waitUntilFolded,
} from '../decisions/found-decisions.js';
import type { LogAddress } from '../found.js';
import { Victim, type PlannedKill, type TimedKill } from '../victim.js';
import { runAnomalies, type RunAnomaly } from './checker.js';
import { readRunTables } from './found-runs.js';
import { isInHand, processKills, randomFrom } from './kill-plan.js';
import { decideTasks, settleRuns } from './people.js';
import { workflowName } from './plan.js';
import { readKeptStates, replay } from './replay.js';
import { RunLoad, type Acknowledged } from './run-load.js';
import { killServer, type KilledServer, type ServerKill } from './server-kills.js';

export interface WorkflowsRunOptions {
  /** Of the run's own: its servers are killed. */
  readonly stack: TestStack;
  /** Logs, acknowledgements, effects and crash logs. */
  readonly folder: string;
  readonly runs: number;
  /** No run is started after so long, however few there are by then; left out: all are. */
  readonly startsForMs?: number;
  /** Runs that are under way at once. */
  readonly atOnce: number;
  /** Of each of two orchestrators, two workers, the gateway and the projector. */
  readonly kills: number;
  readonly serverKills: readonly KilledServer[];
  /** Draws what is killed where. */
  readonly seed: number;
  /** Bugs that are planted in the orchestrators, to see the checker find them. */
  readonly plant?: string;
  readonly progress: (line: string) => void;
}

export interface WorkflowsRunReport {
  readonly acknowledged: number;
  readonly effects: number;
  /** By status, at the end. */
  readonly statuses: Readonly<Record<string, number>>;
  readonly incidentsSettled: number;
  readonly repeated: readonly { readonly key: string; readonly tool: string; readonly timesMs: readonly number[] }[];
  readonly repeatsOnLog: number;
  /** Crash points that were hit, as the killed processes wrote them. */
  readonly hits: readonly string[];
  readonly killsAtRandom: number;
  readonly serverKills: readonly ServerKill[];
  /** Kills with a batch, a turn or a call in hand, or inside an open transaction. */
  readonly killsInHand: number;
  readonly acknowledgedAfterLastKill: number;
  /** States that the engine had kept, each equal to what a replay of the log leads to, or an anomaly. */
  readonly statesReplayed: number;
  readonly anomalies: readonly RunAnomaly[];
}

const effectDelayMsMax = 60;
const endedWithinMs = 300_000;
const foldedWithinMs = 120_000;
/** Few, so that streams are loaded both from a kept state and from events alone, and most leave a state to compare. */
const snapshotEvery = 7;
const processes = fileURLToPath(new URL('../../../dist/soak/', import.meta.url));

/**
 * Runs workflows whose tools have effects outside while orchestrators, workers, gateway, projector and servers are killed,
 * waits until each run has ended or stands as an incident, settles half of the incidents, and holds log, tables and read
 * model against what the outside saw.
 */
export async function runWorkflows(options: WorkflowsRunOptions): Promise<WorkflowsRunReport> {
  mkdirSync(options.folder, { recursive: true });
  const database = await freshDatabase(options.stack);
  const run = new WorkflowsRun(options, database.url, freshTopicPrefix());
  try {
    return await run.run();
  } finally {
    await run.stop();
    await database.drop();
  }
}

class WorkflowsRun {
  private readonly env: NodeJS.ProcessEnv;
  private readonly log: LogAddress;
  private readonly victims: Victim[] = [];
  private readonly others: OwnedProcess[] = [];
  private readonly serverKills: ServerKill[] = [];
  private serverKillsLeft: number;
  private readonly files;
  private readonly random;

  constructor(
    private readonly options: WorkflowsRunOptions,
    private readonly databaseUrl: string,
    topicPrefix: string,
  ) {
    const { stack, folder, seed } = options;
    this.env = environmentOf(stack, databaseUrl, topicPrefix);
    this.log = { brokers: stack.kafkaBrokers.split(','), topicPrefix };
    this.files = { acks: join(folder, 'acknowledgements.ndjson'), effects: join(folder, 'effects.ndjson') };
    this.random = randomFrom(seed);
    this.serverKillsLeft = options.serverKills.length;
  }

  async run(): Promise<WorkflowsRunReport> {
    const { options, env, files, databaseUrl } = this;
    const key = await prepareData(env, options.folder);
    const [gateway = 0, effects = 0, ...metrics] = await freePorts(8);
    const access = { CHORDA_URL: `http://127.0.0.1:${gateway}`, CHORDA_API_KEY: key.text };
    this.startEffects(effects);
    this.startVictims(gateway, { ...access, EFFECTS_URL: `http://127.0.0.1:${effects}` }, metrics);
    const client = new ChordaClient({ url: access.CHORDA_URL, apiKey: key.text, timeoutMs: 20_000 });
    const { startsForMs } = options;
    const load = new RunLoad({
      ...(startsForMs !== undefined && { startsUntilMs: Date.now() + startsForMs }),
      ...{ client, acksFile: files.acks, runs: options.runs, atOnce: options.atOnce, progress: options.progress },
      over: () => this.over(),
      hasFaultsLeft: () => this.serverKillsLeft > 0 || this.victims.some(({ killsLeft }) => killsLeft > 0),
    });
    const people = { client, databaseUrl, acksFile: files.acks, effectsFile: files.effects };
    const ending = new AbortController();
    const deciding = decideTasks(people, ending.signal);
    const killing = this.killServers(load, ending.signal);
    try {
      await Promise.race([load.run(), deciding, failing(killing)]);
      options.progress('All runs are started; waiting for their ends');
      await this.untilOver(load.planned.size);
      const settled = await settleRuns(people);
      options.progress(`${settled} incidents are settled`);
      // Those that go on are shown as paused until then, and paused counts as over.
      const runs = { projection: 'runs', kind: 'workflow' } as const;
      await waitUntilFolded(this.log, this.databaseUrl, foldedWithinMs, runs);
      await this.untilOver(load.planned.size);
      ending.abort();
      await Promise.all([deciding, killing]);
      return await this.report(load, settled);
    } finally {
      ending.abort();
    }
  }

  async stop(): Promise<void> {
    await Promise.allSettled(this.victims.map((victim) => victim.stop()));
    for (const { child } of this.others) child.kill('SIGTERM');
    await Promise.all(this.others.map(({ ended }) => ended));
  }

  private startEffects(port: number): void {
    const { env, files, options } = this;
    const script = join(processes, 'decisions', 'effect-process.js');
    const args = [script, `${port}`, files.effects, `${effectDelayMsMax}`];
    this.others.push(startOwnedProcess(args, env, join(options.folder, 'effects.log')));
  }

  private startVictims(gateway: number, access: NodeJS.ProcessEnv, metrics: readonly number[]): void {
    const { env, options } = this;
    const deciding = {
      CHORDA_DECISIONS_SNAPSHOT_EVERY: `${snapshotEvery}`,
      ...(options.plant !== undefined && { CHORDA_PLANT: options.plant }),
    };
    const port = (index: number) => ({ METRICS_PORT: `${metrics[index] ?? 0}` });
    this.victim('gateway', entryOf('gateway'), { ...env, ...port(0), PORT: `${gateway}` });
    this.victim('projector', entryOf('projector'), { ...env, ...port(1) });
    for (const index of [0, 1]) {
      this.victim(`orchestrator-${index}`, entryOf('orchestrator'), { ...env, ...port(2 + index), ...deciding });
      this.victim(`worker-${index}`, join(processes, 'workflows', 'step-worker-process.js'), { ...env, ...access });
    }
    for (const victim of this.victims) victim.start();
  }

  private victim(name: string, script: string, env: NodeJS.ProcessEnv): void {
    const { folder, progress, kills: count, runs } = this.options;
    const kills: readonly (PlannedKill | TimedKill)[] = processKills(name, { count, runs, random: this.random });
    const files = { crashLog: join(folder, `${name}.crashes`), outputFile: join(folder, `${name}.log`) };
    this.victims.push(new Victim({ name, script, env, kills, progress, ...files }));
  }

  /** Spread over the load: the next one when its share of the runs is over. */
  private async killServers(load: RunLoad, signal: AbortSignal): Promise<void> {
    const { serverKills, runs, stack, progress } = this.options;
    for (const [index, server] of serverKills.entries()) {
      const due = Math.ceil((runs * (index + 1)) / (serverKills.length + 1));
      while (load.planned.size < due && !signal.aborted) await sleep(200, signal);
      if (signal.aborted) return;
      const kill = await killServer(stack, server);
      this.serverKills.push(kill);
      this.serverKillsLeft -= 1;
      const open = kill.openTransactions === undefined ? '' : `, ${kill.openTransactions} transactions were open`;
      progress(`${server} killed${open}, ${this.serverKillsLeft} to go`);
    }
  }

  private async over(): Promise<number> {
    const counts = Object.entries(await this.statuses());
    const underWay = new Set(['running', 'cancelling', 'compensating']);
    return counts.reduce((sum, [status, count]) => (underWay.has(status) ? sum : sum + count), 0);
  }

  private async statuses(): Promise<Readonly<Record<string, number>>> {
    const rows = await rowsOf<{ status: string; count: number }>(
      this.databaseUrl,
      `SELECT status, count(*)::int AS count FROM runs WHERE workflow_name = '${workflowName}' GROUP BY status`,
    );
    return Object.fromEntries(rows.map(({ status, count }) => [status, count]));
  }

  /** Ended, or standing as an incident. */
  private async untilOver(runs: number): Promise<void> {
    const deadlineMs = Date.now() + endedWithinMs;
    for (;;) {
      const over = await this.over().catch(() => 0);
      if (over >= runs) return;
      // The checker says which of them, and what became of them.
      if (Date.now() > deadlineMs)
        return this.options.progress(`${over} of ${runs} are over after ${endedWithinMs} ms`);
      await sleep(500);
    }
  }

  private async report(load: RunLoad, incidentsSettled: number): Promise<WorkflowsRunReport> {
    const { files, databaseUrl, victims, serverKills } = this;
    for (const projection of ['runs', 'steps', 'tasks']) {
      await waitUntilFolded(this.log, databaseUrl, foldedWithinMs, { projection, kind: 'workflow' });
    }
    const acks = linesOf<Acknowledged>(files.acks);
    const of = (what: Acknowledged['what']) => acks.filter((line) => line.what === what).map(({ id }) => id);
    const effects = readEffects(files.effects);
    const processKillsMs = victims.flatMap((victim) => victim.killsMs);
    // Whatever was cut off by a server is tried again once it is back.
    const killsMs = [...processKillsMs, ...serverKills.flatMap(({ killedMs, backMs }) => [killedMs, backMs])];
    const lastKillMs = Math.max(...killsMs);
    const log = await readDecisions(this.log, 'workflow');
    const replayed = replay(firstOccurrences(log), await readKeptStates(databaseUrl));
    const hits = victims.flatMap((victim) => victim.hits());
    const inTransaction = serverKills.filter(({ openTransactions = 0 }) => openTransactions > 0).length;
    return {
      acknowledged: of('start').length,
      effects: effects.length,
      statuses: await this.statuses(),
      incidentsSettled,
      repeated: repeatedCalls(effects),
      repeatsOnLog: repeatsOnLog(log),
      ...{ hits, serverKills },
      killsAtRandom: processKillsMs.length - hits.length,
      killsInHand: hits.filter(isInHand).length + inTransaction,
      acknowledgedAfterLastKill: acks.filter(({ what, at_ms: atMs }) => what === 'start' && atMs > lastKillMs).length,
      statesReplayed: replayed.statesCompared,
      anomalies: [
        ...runAnomalies({
          ...{ planned: load.planned, effects, killsMs, log },
          ...{ acknowledged: of('start'), signalled: of('signal'), decided: of('decision') },
          engine: await readEngine(databaseUrl, 'workflow'),
          readModel: await readRunTables(databaseUrl),
        }),
        ...replayed.anomalies,
      ],
    };
  }
}

/** Settles only where it fails: its end ends nothing. */
function failing(work: Promise<void>): Promise<never> {
  return new Promise((_, reject) => {
    work.catch(reject);
  });
}
