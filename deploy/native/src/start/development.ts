import { chmodSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import { sleep } from '@chorda/kernel';
import {
  databaseEnv,
  kafkaConnection,
  kafkaEnv,
  loggingEnv,
  metricsEnv,
  processEnv,
  productVersion,
  readEnv,
  redisEnv,
  registryEnv,
  startMetricsServer,
  startTracing,
  tracingEnv,
  type MetricsServer,
  type Tracing,
} from '@chorda/platform';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { z } from 'zod';
import { AlreadyRunningError } from '../errors.js';
import { tryLock, type FolderLock } from '../machine/folder-lock.js';
import { identify } from '../machine/process-identity.js';
import { assertMachine, lockPath } from '../preflight.js';
import { stopOrphan } from '../servers/orphans.js';
import { readSettings, type DevelopmentSettings } from '../settings.js';
import { prepareStack, serversOf, startStackServers, stopStackServers, type StackServers } from '../stack.js';
import { appLog } from './app-logs.js';
import { assertGivenServers } from './given-servers.js';
import { prepareData, type FirstKey } from './prepare-data.js';
import { addressLines, commandLines, type Addresses } from './printed-lines.js';
import { loadApps, RunningApps } from './running-apps.js';
import { ServerWatch } from './server-watch.js';

export interface DevelopmentOptions {
  readonly env: NodeJS.ProcessEnv;
  /** One line for the person at the terminal. */
  readonly say: (line: string) => void;
}

const startSettlesMsMax = 20_000;

const ownEnv = z.object({ ...loggingEnv, ...metricsEnv, ...tracingEnv, ...processEnv });

/**
 * The servers and every app of Chorda in one process: what `npm start` and `chorda dev` run.
 *
 * Modes: starting, running, stopping, stopped. `stop` may be called in each of them, more than once; `abandon` ends the
 * servers at once from any of them.
 */
export class Development {
  private readonly settings: DevelopmentSettings;
  private readonly own: z.infer<typeof ownEnv>;
  private lock: FolderLock | undefined;
  private servers: StackServers = {};
  private apps: RunningApps | undefined;
  private log: Writable | undefined;
  private metrics: MetricsServer | undefined;
  private tracing: Tracing | undefined;
  private watch: ServerWatch | undefined;
  private starting: Promise<void> | undefined;
  private stopping: Promise<void> | undefined;
  private readonly ending = new AbortController();

  /** @throws when the environment is not valid, naming every setting that is wrong. */
  constructor(private readonly options: DevelopmentOptions) {
    this.settings = readSettings(options.env);
    this.own = readEnv(ownEnv, { ...options.env, METRICS_PORT: String(this.settings.ports.metrics) });
  }

  /** @throws {@link MachineError} saying what to do; what was started by then is stopped again by `stop`. */
  start(): Promise<void> {
    this.starting ??= this.startAll();
    return this.starting;
  }

  private async startAll(): Promise<void> {
    const { settings, options } = this;
    const { say } = options;
    const startedMs = Date.now();
    this.takeLock();
    const artifacts = { env: options.env, progress: say, signal: this.ending.signal };
    await assertMachine(settings, artifacts);
    await assertGivenServers(options.env, settings.embedded);
    await this.stopUnwantedOrphans();
    // Loading the apps takes a second or two of CPU that the servers do not need while they wait for disks.
    const loading = loadApps(this.settings);
    loading.catch(() => undefined); // Awaited below; a server that fails first is the better message.
    const { home, ports, embedded, kafkaHeapMib } = settings;
    this.servers = await prepareStack({
      ...artifacts,
      ...{ home, ports, servers: embedded, kafkaHeapMib, keepClasses: true },
      ...(embedded.includes('kafka') ? {} : { registryKafka: givenKafka(options.env) }),
    });
    if (embedded.length > 0) say(`Starting ${embedded.join(', ')} …`);
    await startStackServers(this.servers, say, this.ending.signal);
    this.ending.signal.throwIfAborted();
    this.watch = new ServerWatch(serversOf(this.servers), say);
    say(`Servers are up after ${seconds(startedMs)}; tables, topics, schemas …`);
    const env = this.appEnvironment();
    const key = await prepareData(env, home, this.ending.signal);
    this.ending.signal.throwIfAborted();
    say(`Data is prepared after ${seconds(startedMs)}; apps …`);
    await this.startApps(await loading, env);
    this.ending.signal.throwIfAborted();
    this.announce(env, key, startedMs);
  }

  /** Apps drain, then the servers stop; nothing of ours is left. */
  stop(): Promise<void> {
    this.stopping ??= this.stopAll();
    return this.stopping;
  }

  /** SIGKILL to every server: for a second Ctrl-C. */
  abandon(): void {
    for (const server of serversOf(this.servers)) server.abandon();
    this.forgetRun();
  }

  /** The process is about to die of an error: apps say a last word, then servers stop in order. */
  async crashed(error: Error): Promise<void> {
    await Promise.race([this.apps?.crashed(error), sleep(1_000)]);
    this.watch?.stop();
    await stopStackServers(this.servers);
    this.forgetRun();
  }

  private takeLock(): void {
    const { home } = this.settings;
    mkdirSync(join(home, 'run'), { recursive: true });
    const taken = tryLock(lockPath(home));
    if (!('release' in taken)) throw new AlreadyRunningError(home, taken.pid);
    this.lock = taken;
  }

  /** A server that an earlier start ran and that is given by environment now. */
  private async stopUnwantedOrphans(): Promise<void> {
    const { home, embedded } = this.settings;
    for (const name of ['registry', 'kafka', 'postgres', 'redis'] as const) {
      if (embedded.includes(name)) continue;
      if (await stopOrphan(join(home, 'run', `${name}.pid`)))
        this.options.say(`${name}: left by an earlier start, ended`);
    }
  }

  private appEnvironment(): NodeJS.ProcessEnv {
    const { env } = this.options;
    const { kafka, registry, postgres, redis } = this.servers;
    return {
      ...env,
      PORT: String(this.settings.ports.gateway),
      ...this.modelEnvironment(),
      CHORDA_PAYLOADS: env['CHORDA_PAYLOADS'] || join(this.settings.home, 'payloads'),
      ...(kafka === undefined ? {} : { KAFKA_BROKERS: kafka.brokers, ...demoDefaults(env) }),
      ...(registry === undefined ? {} : { SCHEMA_REGISTRY_URL: registry.url }),
      ...(postgres === undefined ? {} : { DATABASE_URL: postgres.url }),
      ...(redis === undefined ? {} : { REDIS_URL: redis.url }),
    };
  }

  /** Apps find the simulated model as they would find a vLLM. */
  private modelEnvironment(): NodeJS.ProcessEnv {
    const { simulatesModel, ports } = this.settings;
    if (!simulatesModel) return {};
    const { env } = this.options;
    return {
      CHORDA_SIMULATOR_PORT: String(ports.simulator),
      VLLM_URLS: `http://127.0.0.1:${ports.simulator}`,
      // It writes with one model and embeds with another, and who names none means the one that can.
      ...usualModel(env, 'CHORDA_MODEL', env['CHORDA_SIMULATOR_MODELS'] || 'simulated'),
      ...usualModel(env, 'CHORDA_EMBEDDING_MODEL', env['CHORDA_SIMULATOR_EMBEDDING_MODELS'] || 'simulated-embedding'),
    };
  }

  private async startApps(loaded: Awaited<ReturnType<typeof loadApps>>, env: NodeJS.ProcessEnv): Promise<void> {
    const { own, settings } = this;
    this.log = appLog(join(settings.home, 'logs', 'chorda.log'), this.options.say);
    if (!own.OTEL_SDK_DISABLED) {
      const { OTEL_EXPORTER_OTLP_ENDPOINT: otlpEndpoint, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: otlpTracesEndpoint } = own;
      this.tracing = startTracing({
        service: own.OTEL_SERVICE_NAME ?? 'chorda',
        version: productVersion,
        sampledShare: own.OTEL_TRACES_SAMPLER_ARG,
        ...(otlpEndpoint && { otlpEndpoint }),
        ...(otlpTracesEndpoint && { otlpTracesEndpoint }),
      });
    }
    const apps = new RunningApps(loaded, this.log);
    this.apps = apps;
    const processMetrics = new Registry();
    processMetrics.setDefaultLabels({ service: 'chorda' });
    collectDefaultMetrics({ register: processMetrics });
    this.metrics = await startMetricsServer({
      host: own.CHORDA_LISTEN_HOST,
      port: settings.ports.metrics,
      registries: [...apps.hosts.map((host) => host.metrics), processMetrics],
      notReady: () => (this.stopping === undefined ? apps.notReady() : Promise.resolve(['draining'])),
    });
    await apps.start(env);
  }

  private announce(env: NodeJS.ProcessEnv, key: FirstKey, startedMs: number): void {
    const { say } = this.options;
    const simulatorUrl = this.apps?.urlOf('model-simulator');
    const addresses: Addresses = {
      gatewayUrl: this.apps?.urlOf('gateway') ?? '',
      metricsUrl: this.metrics?.url ?? '',
      ...serverAddresses(env),
      ...(simulatorUrl !== undefined && { simulatedModelUrl: `${simulatorUrl}/v1` }),
    };
    this.writeStackFile(addresses, key, env['CHORDA_TOPIC_PREFIX'] ?? '');
    say('');
    for (const line of addressLines(addresses, this.settings.embedded, key)) say(line);
    say('');
    for (const line of commandLines(addresses.gatewayUrl, key)) say(line);
    say('');
    say(`Ready after ${seconds(startedMs)}. Logs: ${join(this.settings.home, 'logs')}. Ctrl-C stops it.`);
  }

  /** For the `chorda` command, which finds a running start by it. It holds the key: readable by its owner alone. */
  private writeStackFile(addresses: Addresses, key: FirstKey, topicPrefix: string): void {
    const path = this.stackFile();
    const content = { ...identify(process.pid), ...addresses, apiKey: key.text, firstKeyFile: key.path, topicPrefix };
    writeFileSync(`${path}.part`, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600 });
    chmodSync(`${path}.part`, 0o600);
    renameSync(`${path}.part`, path);
  }

  private stackFile(): string {
    return join(this.settings.home, 'run', 'stack.json');
  }

  private async stopAll(): Promise<void> {
    const { say } = this.options;
    this.ending.abort();
    // First of all: it would take a server that is being stopped for one that ended by itself.
    this.watch?.stop();
    // In the middle of a start: what has started is ended, which ends the start, which then starts nothing more.
    if (this.apps === undefined) await stopStackServers(this.servers);
    await Promise.race([this.starting?.catch(() => undefined), sleep(startSettlesMsMax)]);
    await this.watch?.idle();
    if (this.apps !== undefined) {
      const drained = this.apps.stop();
      const inTime = await Promise.race([drained, sleep(this.own.CHORDA_DRAIN_TIMEOUT_MS)]);
      if (inTime === undefined) say(`The apps did not drain within ${this.own.CHORDA_DRAIN_TIMEOUT_MS} ms`);
      for (const fault of inTime ?? [])
        say(`Stopped with a fault: ${fault instanceof Error ? fault.message : String(fault)}`);
    }
    await this.metrics?.close();
    await this.tracing?.stop();
    await stopStackServers(this.servers);
    await new Promise<void>((resolve) => (this.log === undefined ? resolve() : this.log.end(resolve)));
    this.forgetRun();
  }

  private forgetRun(): void {
    if (this.lock === undefined) return; // Another start's file.
    rmSync(this.stackFile(), { force: true });
    this.lock.release();
    this.lock = undefined;
  }
}

/** Each may have been given as a file. */
function serverAddresses(env: NodeJS.ProcessEnv): Omit<Addresses, 'gatewayUrl' | 'metricsUrl'> {
  const { KAFKA_BROKERS } = kafkaEnv;
  const read = readEnv(z.object({ KAFKA_BROKERS, ...registryEnv, ...databaseEnv, ...redisEnv }), env);
  return {
    kafkaBrokers: read.KAFKA_BROKERS.join(','),
    registryUrl: read.SCHEMA_REGISTRY_URL,
    databaseUrl: read.DATABASE_URL,
    redisUrl: read.REDIS_URL,
  };
}

/** A registry of ours keeps its schemas in the Kafka that was given. */
function givenKafka(env: NodeJS.ProcessEnv): ReturnType<typeof kafkaConnection> {
  return kafkaConnection(readEnv(z.object(kafkaEnv), env), 'chorda-registry');
}

/** With servers of our own nobody else's events are at stake, and `npm run demo` has no decision engine to go to yet. */
function demoDefaults(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return { CHORDA_SIMULATED_DECISIONS: env['CHORDA_SIMULATED_DECISIONS'] || 'true' };
}

/** The first of those that are simulated, where nobody has said which one is meant. */
function usualModel(env: NodeJS.ProcessEnv, key: string, simulated: string): NodeJS.ProcessEnv {
  return env[key] || env[`${key}_FILE`] ? {} : { [key]: simulated.split(',')[0]?.trim() };
}

function seconds(sinceMs: number): string {
  return `${((Date.now() - sinceMs) / 1000).toFixed(1)} s`;
}
