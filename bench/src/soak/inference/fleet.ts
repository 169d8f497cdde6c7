import { appendFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { once } from 'node:events';
import { sleep } from '@chorda/kernel';
import { freePorts } from '@chorda/native-stack';
import { entryOf, waitFor } from '../../backbone.js';
import type { InferenceGround, Running } from '../../inference/inference-ground.js';
import { startOwnedProcess } from '../../owned-process.js';

const workersCount = 3;
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
const betweenFaultsMs = 3_000;
/** Past the session of a worker that sleeps. */
const sleepsMsMin = 9_000;
const victims = ['worker', 'worker', 'simulator', 'gateway'] as const;

/** All processes of a run, and what is done to them. */
export class Fleet {
  private readonly simulators: Running[] = [];
  private readonly workers: Running[] = [];
  private readonly others: Running[] = [];
  private gateway: Running | undefined;

  constructor(private readonly ground: InferenceGround) {}

  get gatewayUrl(): string {
    return this.gateway?.url ?? '';
  }

  async start(): Promise<void> {
    const { ground } = this;
    const [port = 0] = await freePorts(1);
    const starting = [this.app('projector'), this.app('gateway', port)] as const;
    this.simulators.push(...(await Promise.all([ground.simulator(simulated), ground.simulator(simulated)])));
    const workers = Array.from({ length: workersCount }, () => ground.worker(this.urls, workerSettings));
    this.workers.push(...(await Promise.all(workers)));
    const [projector, gateway] = await Promise.all(starting);
    this.others.push(projector);
    this.gateway = gateway;
  }

  /** One fault after the other, each while the others of its kind are well. @returns What was done. */
  async disturb(kills: number, progress: (line: string) => void): Promise<readonly string[]> {
    const happened: string[] = [];
    const note = (what: string) => {
      happened.push(what);
      progress(what);
      appendFileSync(join(this.ground.folder, 'faults.log'), `${new Date().toISOString()} ${what}\n`);
    };
    await sleep(betweenFaultsMs);
    const [sleeping] = this.workers;
    sleeping?.process.child.kill('SIGSTOP');
    note('a worker stopped');
    const stoppedMs = Date.now();
    for (let kill = 0; kill < kills; kill++) {
      await this.kill(victims[kill % victims.length] ?? 'worker', kill, note);
      if (kill === 0) {
        await this.flushRedis();
        note('Redis flushed');
      }
      await sleep(betweenFaultsMs);
    }
    await sleep(Math.max(0, stoppedMs + sleepsMsMin - Date.now()));
    sleeping?.process.child.kill('SIGCONT');
    note('the worker went on');
    await this.slots(slots / 2);
    note('slots halved');
    await sleep(betweenFaultsMs);
    await this.slots(slots);
    return happened;
  }

  /** Ends all workers and model servers, and has one of each in their place. */
  async alone(
    ofSimulator: Readonly<Record<string, string>>,
    ofWorker: Readonly<Record<string, string>>,
    beforeWorker: () => Promise<void>,
  ): Promise<{ readonly simulator: Running; readonly worker: Running }> {
    await kill(this.workers.splice(0));
    await kill(this.simulators.splice(0));
    const simulator = await this.ground.simulator(ofSimulator);
    this.simulators.push(simulator);
    await beforeWorker();
    const worker = await this.ground.worker([simulator.url], { ...workerSettings, ...ofWorker });
    this.workers.push(worker);
    return { simulator, worker };
  }

  /** Slots of the first model server, while it runs. */
  async slots(count: number): Promise<void> {
    const [url = ''] = this.urls;
    const headers = { 'content-type': 'application/json' };
    const body = JSON.stringify({ slots: count });
    const answer = await fetch(`${url}/simulator/settings`, { method: 'PATCH', headers, body });
    if (!answer.ok) throw new Error(`The simulator does not take ${count} slots: ${await answer.text()}`);
  }

  async end(): Promise<void> {
    const gateways = this.gateway ? [this.gateway] : [];
    await kill([...this.workers, ...this.simulators, ...this.others, ...gateways]);
  }

  private get urls(): readonly string[] {
    return this.simulators.map(({ url }) => url);
  }

  private async kill(what: (typeof victims)[number], turn: number, note: (what: string) => void): Promise<void> {
    const { ground } = this;
    if (what === 'simulator') {
      const at = turn % this.simulators.length;
      const { port } = new URL(this.simulators[at]?.url ?? '');
      await kill(this.simulators.slice(at, at + 1));
      note('a model server killed');
      this.simulators[at] = await ground.simulator(simulated, Number(port));
    } else if (what === 'gateway') {
      const { port } = new URL(this.gatewayUrl);
      await kill(this.gateway ? [this.gateway] : []);
      note('the gateway killed');
      this.gateway = await this.app('gateway', Number(port));
    } else {
      // The first one sleeps.
      const at = 1 + (turn % (workersCount - 1));
      await kill(this.workers.slice(at, at + 1));
      note('a worker killed');
      this.workers[at] = await ground.worker(this.urls, workerSettings, false);
    }
  }

  private async app(name: 'gateway' | 'projector', port = 0): Promise<Running> {
    const [metricsPort = 0] = await freePorts(1);
    const own = { METRICS_PORT: `${metricsPort}`, ...(port > 0 && { PORT: `${port}` }) };
    const { env, folder } = this.ground;
    const process = startOwnedProcess([entryOf(name)], { ...env, ...own }, join(folder, `${name}.log`));
    const url = `http://127.0.0.1:${port || metricsPort}`;
    await waitFor(`The ${name}`, 180_000, async () => (await fetch(`${url}/readyz`)).ok);
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
  }
}

async function kill(running: readonly Running[]): Promise<void> {
  for (const { process } of running) process.child.kill('SIGKILL');
  await Promise.all(running.map(({ process }) => process.ended));
}
