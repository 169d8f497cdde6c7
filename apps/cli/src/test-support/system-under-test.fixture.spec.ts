import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { freePorts } from '@chorda/native-stack';
import { freshDatabase, freshTopicPrefix, type StackAddresses } from '@chorda/testing';
import { CommandLine } from '../command-line/command-line.js';
import { runChorda } from '../program.js';
import { BuiltApp, type Ended } from './built-apps.js';

/** Built apps on topics and tables of their own, with a key that may do everything. */
export interface SystemUnderTest {
  readonly folder: string;
  readonly environment: Readonly<Record<string, string>>;
  /** A command line in this process: fifty processes would take a minute to start. */
  run(...args: readonly string[]): Promise<Ended>;
  stop(): Promise<void>;
}

type AppName = 'gateway' | 'projector' | 'agent-runtime' | 'orchestrator' | 'inference-worker' | 'model-simulator';

export async function startSystem(
  stack: StackAddresses,
  names: readonly AppName[],
  /** Beside the addresses of the servers. */
  more: Readonly<Record<string, string>> = {},
): Promise<SystemUnderTest> {
  const folder = mkdtempSync(join(tmpdir(), 'chorda-system-'));
  const database = await freshDatabase(stack);
  const [port, modelPort, ...metricsPorts] = await freePorts(2 + names.length);
  const settings = {
    PATH: process.env['PATH'] ?? '',
    HOME: folder,
    // Nothing of a start that happens to run on this machine.
    CHORDA_HOME: folder,
    KAFKA_BROKERS: stack.kafkaBrokers,
    SCHEMA_REGISTRY_URL: stack.registryUrl,
    DATABASE_URL: database.url,
    REDIS_URL: stack.redisUrl,
    CHORDA_TOPIC_PREFIX: freshTopicPrefix(),
    CHORDA_URL: `http://127.0.0.1:${port}`,
    CHORDA_SIMULATED_DECISIONS: 'true',
    // Where no engine runs a command is answered 202 soon.
    CHORDA_COMMAND_WAIT_MS: names.includes('agent-runtime') || names.includes('orchestrator') ? '20000' : '200',
    CHORDA_SIMULATOR_PORT: String(modelPort),
    VLLM_URLS: `http://127.0.0.1:${modelPort}`,
    CHORDA_SIMULATOR_CONTROL: 'true',
    PORT: String(port),
    ...more,
  };
  await succeed(settings, 'apply');
  const scopes = ['admin', 'deployment:operate', 'events:simulate'];
  const made = await succeed(settings, 'keys', 'create', 'specs', '--scope', ...scopes);
  const environment = { ...settings, CHORDA_API_KEY: made.stdout.trim() };
  const apps = names.map((name, index) => {
    const metricsPort = String(metricsPorts[index]);
    return new BuiltApp(name, `http://127.0.0.1:${metricsPort}`, { ...environment, METRICS_PORT: metricsPort });
  });
  await Promise.all(apps.map((app) => app.ready()));
  return {
    folder,
    environment,
    run: (...args) => run(environment, args),
    async stop() {
      await Promise.all(apps.map((app) => app.stop()));
      await database.drop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function succeed(environment: Readonly<Record<string, string>>, ...args: readonly string[]): Promise<Ended> {
  const ended = await run(environment, args);
  if (ended.code !== 0) throw new Error(`chorda ${args.join(' ')}: ${ended.stdout}${ended.stderr}`);
  return ended;
}

async function run(environment: Readonly<Record<string, string>>, args: readonly string[]): Promise<Ended> {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const printed = Promise.all([text(stdout), text(stderr)]);
  const code = await runChorda(args, new CommandLine({ stdout, stderr }, environment, AbortSignal.timeout(60_000)));
  stdout.end();
  stderr.end();
  const [out, err] = await printed;
  return { code, stdout: out, stderr: err };
}
