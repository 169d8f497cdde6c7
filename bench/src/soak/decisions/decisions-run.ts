import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ChordaClient } from '@chorda/client';
import { sleep } from '@chorda/kernel';
import { freePorts } from '@chorda/native-stack';
import { prepareData } from '@chorda/native-stack/start';
import { freshDatabase, freshTopicPrefix, type StackAddresses } from '@chorda/testing';
import { entryOf, environmentOf, type AppName } from '../../backbone.js';
import { startOwnedProcess, type OwnedProcess } from '../../owned-process.js';
import type { LogAddress } from '../found.js';
import { Victim, type PlannedKill, type TimedKill } from '../victim.js';
import { executionAnomalies, repeatedCalls, repeatsOnLog, type ExecutionAnomaly } from './checker.js';
import { ExecutionLoad, type StartAcknowledged } from './execution-load.js';
import {
  linesOf,
  readDecisions,
  readEffects,
  readEngine,
  readExecutions,
  readModelCalls,
  statusCounts,
  waitUntilFolded,
} from './found-decisions.js';
import { settleIncidents } from './settle-incidents.js';

export interface DecisionsRunOptions {
  readonly stack: StackAddresses;
  /** Logs, acknowledgements, effects and crash logs. */
  readonly folder: string;
  readonly executions: number;
  /** Executions that run at once. */
  readonly atOnce: number;
  /** Of each of two agent runtimes. */
  readonly runtimeKills: number;
  /** Of each of two processes with tools of users. */
  readonly workerKills: number;
  /** Draws what is killed where. */
  readonly seed: number;
  /** Bugs that are planted in the agent runtimes, to see the checker find them. */
  readonly plant?: string;
  readonly progress: (line: string) => void;
}

export interface DecisionsRunReport {
  readonly acknowledged: number;
  readonly effects: number;
  /** By status, at the end. */
  readonly statuses: Readonly<Record<string, number>>;
  /** Unknown outcomes that stand as incidents, after half of them were settled. */
  readonly incidentsOpen: number;
  readonly incidentsSettled: number;
  /** Calls of idempotent tools beyond the first of their key, each with the times of its calls. */
  readonly repeated: readonly { readonly key: string; readonly tool: string; readonly timesMs: readonly number[] }[];
  readonly repeatsOnLog: number;
  /** Crash points that were hit, as the killed processes wrote them. */
  readonly hits: readonly string[];
  /** Kills from outside, at random moments. */
  readonly killsAtRandom: number;
  readonly acknowledgedAfterLastKill: number;
  readonly anomalies: readonly ExecutionAnomaly[];
}

/** Where a turn is decided and not written, written and not published, or work is in hand and not stored. */
const inHand: ReadonlySet<string> = new Set([
  'decisions-before-commit',
  'decisions-after-commit',
  'decisions-mid-publish',
  'executor-before-answer',
  'worker-before-effect',
  'worker-after-effect',
]);

/** The points at which a turn, a batch or a call is in hand; the rest lie between one thing and the next. */
export function isDecisionInHand(point: string): boolean {
  return inHand.has(point);
}

const runtimePoints = [
  'decisions-before-commit',
  'executor-before-answer',
  'decisions-after-commit',
  'executor-after-answer',
  'decisions-mid-publish',
  'executor-after-send',
  'decisions-after-publish',
];
const workerPoints = ['worker-after-effect', 'worker-before-effect'];
const agents = 12;
const effectDelayMsMax = 150;
const hitShareMax = 0.5;
const endedWithinMs = 300_000;
const foldedWithinMs = 120_000;
const processes = fileURLToPath(new URL('../../../dist/soak/decisions/', import.meta.url));

/**
 * Runs executions whose tools have effects outside while agent runtimes (engine and executors) and the processes of users'
 * tools are killed, waits until each has ended or stands as an incident, settles half of the incidents, and holds log,
 * tables and read model against what the outside saw.
 */
export async function runDecisions(options: DecisionsRunOptions): Promise<DecisionsRunReport> {
  mkdirSync(options.folder, { recursive: true });
  const database = await freshDatabase(options.stack);
  const run = new DecisionsRun(options, database.url, freshTopicPrefix());
  try {
    return await run.run();
  } finally {
    await run.stop();
    await database.drop();
  }
}

class DecisionsRun {
  private readonly env: NodeJS.ProcessEnv;
  private readonly log: LogAddress;
  private readonly victims: Victim[] = [];
  private readonly others: OwnedProcess[] = [];
  private readonly files;
  private readonly random;

  constructor(
    private readonly options: DecisionsRunOptions,
    private readonly databaseUrl: string,
    topicPrefix: string,
  ) {
    const { stack, folder, seed } = options;
    this.env = environmentOf(stack, databaseUrl, topicPrefix);
    this.log = { brokers: stack.kafkaBrokers.split(','), topicPrefix };
    this.files = {
      acks: join(folder, 'acknowledgements.ndjson'),
      effects: join(folder, 'effects.ndjson'),
      modelCalls: join(folder, 'model-calls.ndjson'),
    };
    this.random = randomFrom(seed);
  }

  async run(): Promise<DecisionsRunReport> {
    const { options, env, files } = this;
    const key = await prepareData(env, options.folder);
    const [gateway = 0, effects = 0, model = 0, ...metrics] = await freePorts(7);
    const access = { CHORDA_URL: `http://127.0.0.1:${gateway}`, CHORDA_API_KEY: key.text };
    const effectsUrl = `http://127.0.0.1:${effects}`;
    this.startOthers(gateway, effects, model, metrics);
    this.startVictims({ ...access, EFFECTS_URL: effectsUrl }, effects, model, metrics.slice(2));
    const client = new ChordaClient({ url: access.CHORDA_URL, apiKey: key.text, timeoutMs: 20_000 });
    const load = new ExecutionLoad({
      ...{ client, effectsUrl, agents, acksFile: files.acks },
      ...{ executions: options.executions, atOnce: options.atOnce, progress: options.progress },
      over: async () => this.over(),
      hasFaultsLeft: () => this.victims.some(({ killsLeft }) => killsLeft > 0),
    });
    await load.run();
    options.progress('All executions are started; waiting for their ends');
    await this.untilOver(load.planned.size);
    const settled = await settleIncidents({ client, databaseUrl: this.databaseUrl, effectsFile: files.effects });
    options.progress(`${settled} incidents are settled`);
    // Those that go on are shown as paused until then, and paused counts as over.
    await waitUntilFolded(this.log, this.databaseUrl, foldedWithinMs);
    await this.untilOver(load.planned.size);
    await waitUntilFolded(this.log, this.databaseUrl, foldedWithinMs);
    return this.report(load.planned, settled);
  }

  async stop(): Promise<void> {
    await Promise.allSettled(this.victims.map((victim) => victim.stop()));
    for (const { child } of this.others) child.kill('SIGTERM');
    await Promise.all(this.others.map(({ ended }) => ended));
  }

  private startOthers(gateway: number, effects: number, model: number, [first, second]: readonly number[]): void {
    const { env, options, files } = this;
    const start = (name: string, args: readonly string[], more: NodeJS.ProcessEnv) =>
      this.others.push(startOwnedProcess(args, { ...env, ...more }, join(options.folder, `${name}.log`)));
    const app = (name: AppName, more: NodeJS.ProcessEnv) => start(name, [entryOf(name)], more);
    start('effects', [join(processes, 'effect-process.js'), `${effects}`, files.effects, `${effectDelayMsMax}`], {});
    // As a model would: some milliseconds, so that a kill may fall into them.
    app('model-simulator', {
      CHORDA_SIMULATOR_PORT: `${model}`,
      METRICS_PORT: '0',
      CHORDA_SIMULATOR_LOG_FILE: files.modelCalls,
      CHORDA_SIMULATOR_PREFILL_MS: '20',
      CHORDA_SIMULATOR_TOKEN_MS: '0.05',
    });
    app('gateway', { PORT: `${gateway}`, METRICS_PORT: `${first}` });
    app('projector', { METRICS_PORT: `${second}` });
  }

  private startVictims(access: NodeJS.ProcessEnv, effects: number, model: number, metrics: readonly number[]): void {
    const { env, options } = this;
    const runtimeEnv = {
      ...env,
      VLLM_URLS: `http://127.0.0.1:${model}`,
      // Inference has a soak of its own; here whatever goes wrong is of the engine and its executors.
      CHORDA_AGENT_MODELS: 'direct',
      CHORDA_TOOL_HTTP_NETWORKS: '127.0.0.0/8',
      CHORDA_TOOL_HTTP_PORTS: `${effects}`,
      ...(options.plant !== undefined && { CHORDA_PLANT: options.plant }),
    };
    for (const [index, port] of metrics.slice(0, 2).entries()) {
      const kills = this.kills(runtimePoints.slice(index * 3), options.runtimeKills);
      const name = `agent-runtime-${index}`;
      this.victim(name, entryOf('agent-runtime'), { ...runtimeEnv, METRICS_PORT: `${port}` }, kills);
      const workerKills = this.kills(workerPoints.slice(index), options.workerKills);
      this.victim(`worker-${index}`, join(processes, 'tool-worker-process.js'), { ...env, ...access }, workerKills);
    }
    for (const victim of this.victims) victim.start();
  }

  private victim(
    name: string,
    script: string,
    env: NodeJS.ProcessEnv,
    kills: readonly (PlannedKill | TimedKill)[],
  ): void {
    const { folder, progress } = this.options;
    const files = { crashLog: join(folder, `${name}.crashes`), outputFile: join(folder, `${name}.log`) };
    this.victims.push(new Victim({ name, script, env, kills, progress, ...files }));
  }

  /** Each point in turn, reached a random number of times before; every fourth kill comes from outside, at any moment. */
  private kills(points: readonly string[], count: number): readonly (PlannedKill | TimedKill)[] {
    // Spread over the load: an execution passes each point about once in each of two processes.
    const hitMax = (this.options.executions / count) * hitShareMax;
    return Array.from({ length: count }, (_, index) => {
      const hit = Math.ceil((0.3 + this.random() * 0.7) * hitMax);
      if (index % 4 === 3) return { afterMs: 5_000 + Math.round(this.random() * 5_000) };
      return { point: points[index % points.length] ?? '', hit };
    });
  }

  private async over(): Promise<number> {
    const counts = Object.entries(await statusCounts(this.databaseUrl));
    return counts.reduce((sum, [status, count]) => (status === 'running' ? sum : sum + count), 0);
  }

  /** Ended, or standing as an incident. */
  private async untilOver(executions: number): Promise<void> {
    const deadlineMs = Date.now() + endedWithinMs;
    for (;;) {
      const counts = await statusCounts(this.databaseUrl);
      if ((await this.over()) >= executions) return;
      // The checker says which of them, and what became of them.
      if (Date.now() > deadlineMs) {
        return this.options.progress(`Not over after ${endedWithinMs} ms: ${JSON.stringify(counts)}`);
      }
      await sleep(500);
    }
  }

  private async report(planned: ReadonlySet<string>, incidentsSettled: number): Promise<DecisionsRunReport> {
    const { files, databaseUrl, victims } = this;
    const acknowledged = linesOf<StartAcknowledged>(files.acks);
    const effects = readEffects(files.effects);
    const killsMs = victims.flatMap((victim) => victim.killsMs);
    const log = await readDecisions(this.log);
    const statuses = await statusCounts(databaseUrl);
    const lastKillMs = Math.max(...killsMs);
    const hits = victims.flatMap((victim) => victim.hits());
    return {
      acknowledged: acknowledged.length,
      effects: effects.length,
      statuses,
      incidentsOpen: statuses['paused'] ?? 0,
      incidentsSettled,
      repeated: repeatedCalls(effects),
      repeatsOnLog: repeatsOnLog(log),
      hits,
      killsAtRandom: killsMs.length - hits.length,
      acknowledgedAfterLastKill: acknowledged.filter(({ acknowledged_at_ms: atMs }) => atMs > lastKillMs).length,
      anomalies: executionAnomalies({
        ...{ planned, effects, killsMs, log },
        acknowledged: acknowledged.map(({ execution_id: id }) => id),
        engine: await readEngine(databaseUrl),
        readModel: await readExecutions(databaseUrl),
        modelCalls: readModelCalls(files.modelCalls),
      }),
    };
  }
}

/** Mulberry32: the same numbers for the same seed. */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
