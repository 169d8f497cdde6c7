import { appendFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { once } from 'node:events';
import { sleep } from '@chorda/kernel';
import { freePorts } from '@chorda/native-stack';
import { entryOf, waitFor } from '../../backbone.js';
import type { InferenceGround, Running } from '../../inference/inference-ground.js';
import { startOwnedProcess } from '../../owned-process.js';
import { Victim } from '../victim.js';
import { randomFrom } from '../workflows/kill-plan.js';
import { killsOf, serverWithCalls } from './kill-plan.js';

export interface FleetOptions {
  /** That are asked while things are killed. */
  readonly requests: number;
  /** Of each of two workers. */
  readonly workerKills: number;
  /** Of model servers, one after the other. */
  readonly serverKills: number;
  readonly gatewayKills: number;
  /** Draws what is killed where. */
  readonly seed: number;
  readonly progress: (line: string) => void;
}

const victimsCount = 2;
const serversCount = 2;
const slots = 64;
const simulated = {
  CHORDA_SIMULATOR_SLOTS: String(slots),
  CHORDA_SIMULATOR_TOKEN_MS: '10',
  CHORDA_SIMULATOR_PREFILL_MS: '5',
};
const never = '3600000';
export const workerSettings = {
  CHORDA_INFERENCE_SESSION_TIMEOUT_MS: '6000',
  CHORDA_INFERENCE_LOW_AGES_MS: never,
  CHORDA_INFERENCE_NORMAL_AGES_MS: never,
};
/** Past the session of a worker that sleeps. */
const sleepsMsMin = 9_000;
const callsWithinMs = 20_000;
const lookEveryMs = 20;

/** All processes of a run, and what is done to them. */
export class Fleet {
  private readonly servers: Running[] = [];
  private readonly workers: Running[] = [];
  private readonly others: Running[] = [];
  private readonly victims: Victim[] = [];
  private gateway = '';
  private readonly happened: string[] = [];
  private readonly serverHits: string[] = [];
  private lastServerKillMs = 0;
  private readonly random;

  constructor(
    private readonly ground: InferenceGround,
    private readonly options: FleetOptions,
  ) {
    this.random = randomFrom(options.seed);
  }

  get gatewayUrl(): string {
    return this.gateway;
  }

  /** What each model server wrote of the calls that it answered. */
  get callLogs(): readonly string[] {
    return Array.from({ length: serversCount }, (_, at) => this.callLog(at));
  }

  /** Whether the supervised processes still have a kill before them. */
  get hasKillsLeft(): boolean {
    return this.victims.some(({ killsLeft }) => killsLeft > 0);
  }

  get lastKillMs(): number {
    return Math.max(this.lastServerKillMs, ...this.victims.map(({ lastKillMs }) => lastKillMs));
  }

  /** By what they hit, as the killed processes wrote it, or as it was seen a moment before. */
  get hits(): readonly string[] {
    return [...this.victims.flatMap((victim) => victim.hits()), ...this.serverHits];
  }

  get killsAtRandom(): number {
    return this.victims.reduce((sum, victim) => sum + victim.killsMs.length - victim.hits().length, 0);
  }

  /** Faults that are no kills. */
  get faults(): readonly string[] {
    return this.happened;
  }

  async start(): Promise<void> {
    const { ground } = this;
    const [port = 0] = await freePorts(1);
    const starting = this.projector();
    this.servers.push(...(await Promise.all(Array.from({ length: serversCount }, (_, at) => this.server(at)))));
    const sleeper = ground.worker(this.urls, workerSettings);
    await this.startVictims(port);
    this.workers.push(await sleeper);
    this.others.push(await starting);
    this.gateway = `http://127.0.0.1:${port}`;
    await waitFor('The gateway', 180_000, async () => (await fetch(`${this.gateway}/readyz`)).ok);
  }

  /**
   * What is done beside the kills of supervised processes, spread over the load, each while the others of its kind are well.
   *
   * @param share Of the load that was asked by now, 0 to 1.
   */
  async disturb(share: () => number, failed: AbortSignal): Promise<void> {
    const until = async (wanted: number) => {
      while (share() < wanted && !failed.aborted) await sleep(lookEveryMs, failed);
    };
    const { serverKills } = this.options;
    const [sleeping] = this.workers;
    await until(0.05);
    sleeping?.process.child.kill('SIGSTOP');
    this.note('a worker stopped');
    const stoppedMs = Date.now();
    for (let kill = 0; kill < serverKills; kill++) {
      await until(0.1 + (0.6 * (kill + 1)) / (serverKills + 1));
      if (kill === 0) await this.flushRedis();
      await this.killServer(kill % serversCount);
    }
    await sleep(Math.max(0, stoppedMs + sleepsMsMin - Date.now()), failed);
    sleeping?.process.child.kill('SIGCONT');
    this.note('the worker went on');
    await until(0.75);
    await this.serve({ slots: slots / 2 });
    this.note('slots halved');
    await until(0.85);
    await this.serve({ slots });
    this.note('slots given back');
  }

  /** Ends all workers and model servers, and has one of each in their place. */
  async alone(
    ofServer: Readonly<Record<string, string>>,
    ofWorker: Readonly<Record<string, string>>,
  ): Promise<{ readonly simulator: Running; readonly worker: Running }> {
    await Promise.all(this.victims.map((victim) => victim.stop()));
    await kill(this.workers.splice(0));
    await kill(this.servers.splice(0));
    const simulator = await this.ground.simulator(ofServer);
    this.servers.push(simulator);
    const worker = await this.ground.worker([simulator.url], { ...workerSettings, ...ofWorker });
    this.workers.push(worker);
    return { simulator, worker };
  }

  /** Changes how the first model server serves, while it runs. */
  async serve(changed: { readonly slots?: number; readonly token_ms?: number }): Promise<void> {
    const [url = ''] = this.urls;
    const headers = { 'content-type': 'application/json' };
    const body = JSON.stringify(changed);
    const answer = await fetch(`${url}/simulator/settings`, { method: 'PATCH', headers, body });
    if (!answer.ok) throw new Error(`The simulator does not take ${body}: ${await answer.text()}`);
  }

  async end(): Promise<void> {
    for (const { process } of this.workers) process.child.kill('SIGCONT');
    await Promise.allSettled(this.victims.map((victim) => victim.stop()));
    await kill([...this.workers, ...this.servers, ...this.others]);
  }

  private get urls(): readonly string[] {
    return this.servers.map(({ url }) => url);
  }

  private note(what: string): void {
    this.happened.push(what);
    this.options.progress(what);
    appendFileSync(join(this.ground.folder, 'faults.log'), `${new Date().toISOString()} ${what}\n`);
  }

  private callLog(at: number): string {
    return join(this.ground.folder, `calls-${at}.ndjson`);
  }

  private server(at: number, port?: number): Promise<Running> {
    return this.ground.simulator({ ...simulated, CHORDA_SIMULATOR_LOG_FILE: this.callLog(at) }, port);
  }

  private async startVictims(gatewayPort: number): Promise<void> {
    const { ground, options, random } = this;
    const { requests, workerKills, gatewayKills } = options;
    // One in ten of all comes through the gateway, at least; each worker has a third of them.
    const ofGateway = { from: 0, count: gatewayKills, requests: requests / 10, random };
    const ports = await freePorts(victimsCount + 1);
    const [metricsPort = 0] = ports;
    const gateway = { ...ground.env, PORT: `${gatewayPort}`, METRICS_PORT: `${metricsPort}` };
    this.victims.push(this.victim('gateway', 'gateway', gateway, killsOf('gateway', ofGateway)));
    for (const [at, port] of ports.slice(1).entries()) {
      const env = { ...ground.env, ...workerSettings, VLLM_URLS: this.urls.join(','), METRICS_PORT: `${port}` };
      const kills = killsOf('worker', { from: at * 2, count: workerKills, requests: requests / 3, random });
      this.victims.push(this.victim(`worker-${at}`, 'inference-worker', env, kills));
    }
    for (const victim of this.victims) victim.start();
  }

  private victim(
    name: string,
    app: 'gateway' | 'inference-worker',
    env: NodeJS.ProcessEnv,
    kills: ReturnType<typeof killsOf>,
  ): Victim {
    const { folder } = this.ground;
    const files = { crashLog: join(folder, `${name}.crashes`), outputFile: join(folder, `${name}.log`) };
    return new Victim({ name, script: entryOf(app), env, kills, progress: this.options.progress, ...files });
  }

  /** While something runs there, if that can be had: only then is anything broken off. */
  private async killServer(at: number): Promise<void> {
    const url = this.servers[at]?.url ?? '';
    const runsThere = async () => /"running":[1-9]/.test(await (await fetch(`${url}/simulator`)).text());
    const isRunning = await waitFor('Something runs there', callsWithinMs, runsThere).then(
      () => true,
      () => false,
    );
    await kill(this.servers.slice(at, at + 1));
    this.lastServerKillMs = Date.now();
    this.serverHits.push(isRunning ? serverWithCalls : 'model-server-idle');
    this.options.progress(`model server ${at} killed ${isRunning ? 'with calls under way' : 'with nothing to do'}`);
    this.servers[at] = await this.server(at, Number(new URL(url).port));
  }

  private async projector(): Promise<Running> {
    const [metricsPort = 0] = await freePorts(1);
    const { env, folder } = this.ground;
    const own = { ...env, METRICS_PORT: `${metricsPort}` };
    const process = startOwnedProcess([entryOf('projector')], own, join(folder, 'projector.log'));
    const url = `http://127.0.0.1:${metricsPort}`;
    await waitFor('The projector', 180_000, async () => (await fetch(`${url}/readyz`)).ok);
    return { url, process };
  }

  private async flushRedis(): Promise<void> {
    const { hostname, port, pathname, password } = new URL(String(this.ground.env['REDIS_URL']));
    const enter = password === '' ? [] : [`AUTH ${decodeURIComponent(password)}`];
    const commands = [...enter, `SELECT ${pathname.slice(1)}`, 'FLUSHDB'];
    const socket = connect(Number(port), hostname);
    socket.end(commands.map((command) => `${command}\r\n`).join(''));
    let said = '';
    socket.on('data', (text: Buffer) => (said += text.toString()));
    await once(socket, 'close');
    if (said !== '+OK\r\n'.repeat(commands.length)) throw new Error(`Redis was not flushed: ${said}`);
    this.note('Redis flushed');
  }
}

async function kill(running: readonly Running[]): Promise<void> {
  for (const { process } of running) process.child.kill('SIGKILL');
  await Promise.all(running.map(({ process }) => process.ended));
}
