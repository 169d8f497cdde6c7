import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readFileSync, readdirSync, readlinkSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { freePorts } from '../machine/ports.js';

const run = promisify(execFile);
const clone = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..', '..');

/** A first start on two idle cores takes about 25 s; on busy ones it may take much longer and is no worse. */
const readyMsMax = 300_000;

/** `npm start` as a person runs it, on ports and in a folder of its own. */
class Start {
  output = '';
  private readonly process: ChildProcess;
  private readonly exited: Promise<number | null>;

  constructor(env: NodeJS.ProcessEnv) {
    // In a group of its own, as a terminal would make one: a signal to the group is what Ctrl-C sends.
    this.process = spawn('npm', ['start'], { cwd: clone, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [this.process.stdout, this.process.stderr]) {
      stream?.on('data', (data: Buffer) => (this.output += data.toString('utf8')));
    }
    this.exited = once(this.process, 'exit').then(([code]) => code as number | null);
  }

  get pid(): number {
    return this.process.pid ?? 0;
  }

  async ready(): Promise<void> {
    const deadline = Date.now() + readyMsMax;
    while (!this.output.includes('Ready after')) {
      if (this.process.exitCode !== null || Date.now() > deadline) throw new Error(`Not ready:\n${this.output}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  /** To npm alone, as a service manager does. */
  terminate(): Promise<number | null> {
    this.process.kill('SIGTERM');
    return this.exited;
  }

  /** To everything in the foreground of the terminal. */
  controlC(): Promise<number | null> {
    process.kill(-this.pid, 'SIGINT');
    return this.exited;
  }

  /** npm, the script and the supervisor, all at once; the servers lead sessions of their own. */
  async killGroup(): Promise<void> {
    process.kill(-this.pid, 'SIGKILL');
    await this.exited;
  }

  end(): Promise<number | null> {
    return this.exited;
  }

  /** The printed commands, as they stand. */
  get commands(): readonly string[] {
    return this.output
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line.startsWith('curl '));
  }

  line(name: string): string {
    return new RegExp(`^${name} (\\S+)`, 'm').exec(this.output)?.[1] ?? '';
  }
}

const home = mkdtempSync(join(tmpdir(), 'chorda-e2e-start-'));
chmodSync(home, 0o755);
let env: NodeJS.ProcessEnv;
let first: Start;
let sent: { command: string; id: string };

/**
 * Whatever has our home in its environment, or writes to a log there: Redis and Postgres write their titles over their
 * environment.
 */
function running(): readonly { pid: number; program: string }[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .flatMap((pid) => {
      try {
        const inherits = readFileSync(`/proc/${pid}/environ`, 'utf8').includes(`CHORDA_HOME=${home}\0`);
        const mine = inherits || readlinkSync(`/proc/${pid}/fd/1`).startsWith(home);
        const isZombie = readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ');
        const program = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').slice(0, 120);
        return mine && !isZombie ? [{ pid: Number(pid), program }] : [];
      } catch {
        return []; // Ended meanwhile.
      }
    });
}

async function shell(command: string, timeoutMs = 30_000): Promise<string> {
  try {
    return (await run('sh', ['-c', command], { timeout: timeoutMs })).stdout;
  } catch (error) {
    // A tail never ends by itself: what it had said by then is the answer.
    if (error instanceof Error && 'stdout' in error && typeof error.stdout === 'string') return error.stdout;
    throw error;
  }
}

/** A command that never ends by itself; whatever is sent before it says that it stands may not be seen by it. */
class Followed {
  private output = '';
  private readonly child: ChildProcess;

  constructor(command: string) {
    this.child = spawn('sh', ['-c', `exec ${command}`], { stdio: ['ignore', 'pipe', 'inherit'] });
    this.child.stdout?.setEncoding('utf8').on('data', (text: string) => (this.output += text));
  }

  async saw(text: string): Promise<void> {
    await expect.poll(() => this.output, { timeout: 30_000 }).toContain(text);
  }

  end(): void {
    this.child.kill();
  }
}

beforeAll(async () => {
  const [gateway, metrics, kafka, controller, registry, management, postgres, redis, simulator] = await freePorts(9);
  env = {
    ...process.env,
    CHORDA_HOME: home,
    PORT: String(gateway),
    METRICS_PORT: String(metrics),
    CHORDA_KAFKA_PORT: String(kafka),
    CHORDA_KAFKA_CONTROLLER_PORT: String(controller),
    CHORDA_REGISTRY_PORT: String(registry),
    CHORDA_REGISTRY_MANAGEMENT_PORT: String(management),
    CHORDA_POSTGRES_PORT: String(postgres),
    CHORDA_REDIS_PORT: String(redis),
    CHORDA_SIMULATOR_PORT: String(simulator),
    VLLM_URLS: '',
    OPENAI_API_KEY: '',
    CHORDA_KAFKA_HEAP_MIB: '384',
    KAFKA_BROKERS: '',
    SCHEMA_REGISTRY_URL: '',
    DATABASE_URL: '',
    REDIS_URL: '',
    // Those of the test runner would turn the sources into what is run.
    NODE_OPTIONS: '',
    VITEST: '',
    NODE_ENV: '',
  };
  first = new Start(env);
  await first.ready();
}, readyMsMax + 10_000);

afterAll(() => {
  for (const { pid } of running()) process.kill(pid, 'SIGKILL');
  rmSync(home, { recursive: true, force: true });
});

describe('npm start', () => {
  it('prints where everything is', () => {
    expect(first.line('gateway')).toBe(`http://127.0.0.1:${env['PORT']}`);
    expect(first.line('kafka')).toBe(`127.0.0.1:${env['CHORDA_KAFKA_PORT']}`);
    expect(first.line('registry')).toBe(`http://127.0.0.1:${env['CHORDA_REGISTRY_PORT']}/apis/ccompat/v7`);
    expect(first.line('postgres')).toMatch(/^postgres:\/\/postgres:\S+@127.0.0.1:\d+\/postgres$/);
    expect(first.line('redis')).toMatch(/^redis:\/\/:\S+@127.0.0.1:\d+$/);
    expect(first.line('key')).toMatch(/^chd_/);
    expect(first.commands).toHaveLength(3);
  });

  it('has a model, and says that it is simulated', async () => {
    const url = first.line('model');
    expect(url).toBe(`http://127.0.0.1:${env['CHORDA_SIMULATOR_PORT']}/v1`);
    expect(first.output).toMatch(/^model .*simulated.*VLLM_URLS/m);
    const answer = await fetch(`${url}/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'simulated', messages: [{ role: 'user', content: 'Hello' }] }),
    });
    expect(await answer.json()).toMatchObject({
      choices: [{ message: { content: expect.stringMatching(/^Simulated .*Hello/) } }],
    });
  });

  it('prints commands that work as they stand: sent, read from the read model, seen on the tail', async () => {
    const [send, read, follow] = first.commands as [string, string, string];
    const followed = new Followed(follow);
    onTestFinished(() => followed.end());
    await followed.saw('event: open');
    const answer: unknown = JSON.parse(await shell(send));
    expect(answer).toMatchObject({ complete: true });
    const event: unknown = JSON.parse(await shell(read));
    expect(event).toMatchObject({ type: 'agent.executed', data: { status: 'completed' } });
    const id = /events\/(\S+)/.exec(read)?.[1] ?? '';
    await followed.saw(id);
    sent = { command: read, id };
  });

  it('keeps what it must not show readable by its owner alone', () => {
    for (const file of ['first-key', 'run/stack.json', 'postgres/secret', 'redis/secret', 'logs/chorda.log']) {
      expect(statSync(join(home, file)).mode & 0o077, file).toBe(0);
    }
  });

  it('has metrics and health of every app at one address', async () => {
    const metrics = await (await fetch(`http://127.0.0.1:${env['METRICS_PORT']}/metrics`)).text();
    for (const service of ['gateway', 'projector', 'model-simulator', 'chorda'])
      expect(metrics).toContain(`service="${service}"`);
    const ready = await fetch(`http://127.0.0.1:${env['METRICS_PORT']}/readyz`);
    expect(await ready.json()).toEqual({ status: 'ready', reasons: [] });
  });

  it('says that it runs already when it is started a second time', async () => {
    const second = new Start(env);
    expect(await second.end()).not.toBe(0);
    expect(second.output).toMatch(new RegExp(`Chorda runs already from ${home} \\(process \\d+\\)`));
    expect(await shell(sent.command)).toContain(sent.id);
  });

  it('drains at SIGTERM to npm, ends well, and leaves no process', async () => {
    expect(await first.terminate()).toBe(0);
    expect(first.output).toContain('Stopped.');
    await expect.poll(running).toEqual([]);
  });

  it(
    'has the events of an earlier start, and takes over servers whose supervisor was killed',
    { timeout: 2 * readyMsMax },
    async () => {
      const second = new Start(env);
      await second.ready();
      expect(await shell(sent.command)).toContain(sent.id);
      const servers = () => running().filter(({ program }) => !/npm|start.mjs|start\/main.js/.test(program));
      const before = servers().map(({ pid }) => pid);
      await second.killGroup();
      expect(servers().length).toBeGreaterThan(3);

      const third = new Start(env);
      await third.ready();
      for (const name of ['kafka', 'registry', 'postgres', 'redis']) {
        expect(third.output).toMatch(new RegExp(`${name}: found running \\(process \\d+\\), taken over`));
      }
      const after = new Set(servers().map(({ pid }) => pid));
      const main = ['kafka', 'registry', 'postgres', 'redis'].map(
        (name) => (JSON.parse(readFileSync(join(home, 'run', `${name}.pid`), 'utf8')) as { pid: number }).pid,
      );
      for (const pid of main) expect(before.includes(pid) && after.has(pid)).toBe(true);
      expect(await shell(sent.command)).toContain(sent.id);

      expect(await third.controlC()).toBe(0);
      await expect.poll(running).toEqual([]);
    },
  );
});
