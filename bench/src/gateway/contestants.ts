import { mkdtempSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { eventDataToJson } from '@chorda/contracts';
import { freePorts } from '@chorda/native-stack';
import { prepareData } from '@chorda/native-stack/start';
import { freshDatabase, freshTopicPrefix, type StackAddresses } from '@chorda/testing';
import { entryOf, environmentOf, waitFor } from '../backbone.js';
import { slot } from '../http-load/request-template.js';
import { startOwnedProcess } from '../owned-process.js';
import { sampleEvent } from '../sample-event.js';

const rivalProgram = fileURLToPath(new URL('../rivals/nest-emit/main.js', import.meta.url));

/** Topics, tables and a key, in which gateways are started. */
export interface Ground {
  readonly env: NodeJS.ProcessEnv;
  readonly topicPrefix: string;
  readonly apiKey: string;
  drop(): Promise<void>;
}

export interface Server {
  readonly name: string;
  readonly port: number;
  readonly pid: number;
  readonly headers: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

export async function prepareGround(stack: StackAddresses, folder: string): Promise<Ground> {
  const topicPrefix = freshTopicPrefix();
  const database = await freshDatabase(stack);
  const env = environmentOf(stack, database.url, topicPrefix);
  const key = await prepareData(env, mkdtempSync(join(folder, 'home-')));
  return { env, topicPrefix, apiKey: key.text, drop: () => database.drop() };
}

export async function startGateway(
  ground: Ground,
  folder: string,
  settings: NodeJS.ProcessEnv = {},
  app: 'gateway' | 'projector' = 'gateway',
  /** Another checkout, built, whose app is to be started. */
  otherBuild?: string,
): Promise<Server> {
  const [port = 0, metricsPort = 0] = await freePorts(2);
  const env = { ...ground.env, PORT: `${port}`, METRICS_PORT: `${metricsPort}`, LOG_LEVEL: 'warn', ...settings };
  const entry = otherBuild === undefined ? entryOf(app) : join(otherBuild, 'apps', app, 'dist', 'main.js');
  const name = `Chorda ${app}${otherBuild === undefined ? '' : `, ${basename(otherBuild)}`}`;
  const server = owned(name, [...nodeArguments(app), entry], env, port, join(folder, `${app}.log`), {
    authorization: `Bearer ${ground.apiKey}`,
  });
  const ready = app === 'gateway' ? `http://127.0.0.1:${port}/readyz` : `http://127.0.0.1:${metricsPort}/readyz`;
  await waitFor(server.name, 60_000, async () => (await fetch(ready)).ok);
  return server;
}

/** `CHORDA_BENCH_GATEWAY_NODE_ARGS`: how a profile or a heap snapshot of the measured process is had. */
function nodeArguments(app: string): readonly string[] {
  const given = app === 'gateway' ? process.env['CHORDA_BENCH_GATEWAY_NODE_ARGS'] : undefined;
  return given?.split(' ').filter((argument) => argument !== '') ?? [];
}

/** Nest's default adapter with Kafka behind it; without a topic it answers at once, which is what Nest itself costs. */
export async function startRival(ground: Ground, folder: string, withKafka: boolean): Promise<Server> {
  const [port = 0] = await freePorts(1);
  const topic = withKafka ? `${ground.topicPrefix}agent.events` : '';
  const env = { ...ground.env, PORT: `${port}`, RIVAL_TOPIC: topic };
  const name = withKafka ? 'Nest on Express, Transport.KAFKA' : 'Nest on Express, no broker';
  const server = owned(name, [rivalProgram], env, port, join(folder, 'rival.log'), {});
  await waitFor(name, 60_000, async () => (await fetch(`http://127.0.0.1:${port}/`)).status === 404);
  return server;
}

function owned(
  name: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  port: number,
  log: string,
  headers: Readonly<Record<string, string>>,
): Server {
  const { child, ended } = startOwnedProcess(args, env, log);
  return {
    name,
    port,
    pid: child.pid ?? 0,
    headers,
    stop: async () => {
      child.kill('SIGTERM');
      await ended;
    },
  };
}

/** Events as JSON, of a hundred agents in turn; the load writes another id into each that it sends. */
export const eventBodies: readonly string[] = Array.from({ length: 100 }, (_, index) =>
  JSON.stringify(cloudEvent(index)),
);

export function batchBodies(events: number): readonly string[] {
  return Array.from({ length: 10 }, (_, batch) =>
    JSON.stringify(Array.from({ length: events }, (_, index) => cloudEvent(batch * events + index))),
  );
}

function cloudEvent(index: number): Record<string, unknown> {
  const { event, metadata } = sampleEvent(index);
  const { source, subject } = metadata;
  return { specversion: '1.0', id: `bench-${slot}`, source, subject, type: event.type, data: eventDataToJson(event) };
}
