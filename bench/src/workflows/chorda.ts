import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ChordaClient } from '@chorda/client';
import { freePorts } from '@chorda/native-stack';
import { prepareData } from '@chorda/native-stack/start';
import { freshDatabase, freshTopicPrefix, type TestStack } from '@chorda/testing';
import { entryOf, environmentOf, waitFor } from '../backbone.js';
import { startOwnedProcess, type OwnedProcess } from '../owned-process.js';
import { post, type Contestant } from './contestant.js';
import { databaseBytes } from './rival-contestants.js';
import { followRuns, type RunFollower } from './run-follower.js';
import { definitionOf, nameOf, parkedDefinition, shapes, type Shape, type StepKind } from './shapes.js';

const readyMsMax = 180_000;
const stepWorker = fileURLToPath(new URL('./step-worker-process.js', import.meta.url));

/** Gateway, orchestrator and a worker as processes, on servers of the run's own. */
export interface ChordaGround {
  readonly client: ChordaClient;
  readonly databaseUrl: string;
  readonly ends: RunFollower;
  /** Gateway, orchestrator, worker, and the projector where it runs. */
  readonly pids: Readonly<Record<string, number>>;
  /** By `script` or `tool`. */
  contestant(kind: StepKind): Contestant;
  stop(): Promise<void>;
}

/** `projector`: also what shows tasks to people; a run needs none. */
export async function startChorda(
  stack: TestStack,
  folder: string,
  { projector }: { readonly projector: boolean },
): Promise<ChordaGround> {
  const database = await freshDatabase(stack);
  const topicPrefix = freshTopicPrefix();
  const env = environmentOf(stack, database.url, topicPrefix);
  const key = await prepareData(env, folder);
  const [port = 0, ...metrics] = await freePorts(4);
  const url = `http://127.0.0.1:${port}`;
  const processes = new Map<string, OwnedProcess>();
  const start = (name: string, script: string, more: NodeJS.ProcessEnv) => {
    const profile = process.env['WORKFLOWS_PROFILE']?.split(':');
    const args = profile?.[0] === name ? ['--cpu-prof', `--cpu-prof-dir=${profile[1]}`, script] : [script];
    processes.set(name, startOwnedProcess(args, { ...env, ...more }, join(folder, `${name}.log`)));
  };
  start('gateway', entryOf('gateway'), { PORT: `${port}`, METRICS_PORT: `${metrics[0]}` });
  start('orchestrator', entryOf('orchestrator'), { METRICS_PORT: `${metrics[1]}` });
  if (projector) start('projector', entryOf('projector'), { METRICS_PORT: `${metrics[2]}` });
  start('worker', stepWorker, { CHORDA_URL: url, CHORDA_API_KEY: key.text });
  const client = new ChordaClient({ url, apiKey: key.text, timeoutMs: 60_000 });
  const texts = [...shapes.flatMap((shape) => [definitionOf(shape, 'script'), definitionOf(shape, 'tool')])];
  for (const text of [...texts, parkedDefinition]) {
    await waitFor('The gateway takes definitions', readyMsMax, async () => {
      return (await client.workflows.apply(text)).name !== '';
    });
  }
  const ends = await followRuns({ brokers: stack.kafkaBrokers.split(','), topicPrefix });
  const run = (kind: StepKind) => async (shape: Shape) => {
    const runId = crypto.randomUUID();
    const ended = ends.end(runId);
    const headers = { authorization: `Bearer ${key.text}` };
    const body = JSON.stringify({ run_id: runId, input: { value: 1 } });
    const answer = await post(`${url}/v1/workflows/${nameOf(shape, kind)}/runs`, body, headers);
    if (answer.status !== 201) throw new Error(`The gateway answered ${answer.status}: ${answer.body.slice(0, 300)}`);
    const { status }: { readonly status?: string } = JSON.parse(answer.body);
    // What ends in its first turn is answered so; the rest is heard of on the log.
    if (status === 'completed') ends.forget(runId);
    else await ended;
  };
  const pids = Object.fromEntries([...processes].map(([name, { child }]) => [name, child.pid ?? 0]));
  await waitFor('Runs end', readyMsMax, () => run('tool')('one').then(() => true));
  return {
    ...{ client, ends, pids, databaseUrl: database.url },
    contestant: (kind) => ({
      ...{ name: `chorda ${kind}`, pids, usesKafka: true, run: run(kind) },
      storedBytes: async () => (await databaseBytes(database.url)) + topicBytes(stack.home, topicPrefix),
      stop: () => Promise.resolve(),
    }),
    async stop() {
      await ends.stop();
      for (const { child } of processes.values()) child.kill('SIGTERM');
      await Promise.all([...processes.values()].map(({ ended }) => ended));
      await database.drop();
    },
  };
}

/** Of the topics of a run, as the broker has them on its disk. */
function topicBytes(home: string, prefix: string): number {
  const logs = join(home, 'kafka');
  const folders = readdirSync(logs, { withFileTypes: true, recursive: true });
  return folders
    .filter((entry) => entry.isDirectory() && entry.name.startsWith(prefix))
    .reduce((sum, entry) => sum + segmentBytes(join(entry.parentPath, entry.name)), 0);
}

/** Its indexes are set aside whole and cut to size later. */
function segmentBytes(folder: string): number {
  const logs = readdirSync(folder).filter((name) => name.endsWith('.log'));
  return logs.reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
}
