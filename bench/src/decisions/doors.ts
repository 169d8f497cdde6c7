import { Agent, request } from 'node:http';
import { join } from 'node:path';
import { sleep } from '@chorda/kernel';
import { freePorts } from '@chorda/native-stack';
import { prepareData } from '@chorda/native-stack/start';
import { freshDatabase, freshTopicPrefix, type TestStack } from '@chorda/testing';
import { environmentOf, startApp, waitFor, type AppName, type AppProcess } from '../backbone.js';
import { cpuSeconds } from '../projector/processors.js';
import { figure, percentile } from '../samples.js';

export interface DoorsOptions {
  readonly stack: TestStack;
  readonly folder: string;
  readonly atOnce: readonly number[];
  readonly seconds: number;
  readonly progress: (line: string) => void;
}

interface Sample {
  readonly answeredMs: number;
  readonly shownMs: number;
  /** Times that the gateway had no room (429 and 503), and was asked again when it said. */
  readonly refused: number;
}

interface Caller {
  readonly url: string;
  readonly key: string;
  readonly agent: Agent;
  /** Default 0. */
  readonly pauseMs?: number;
}

const apps: readonly AppName[] = ['gateway', 'agent-runtime', 'projector'];
const waitMsMax = 30_000;
const triesMax = 100;
/** Between two calls of the caller who comes alone: what its agent goes through has ended by then. */
const lowLoadPauseMs = 150;

/** Agents created over HTTP: from the POST to its answer, and to the moment that a query shows the agent. */
export async function doors(options: DoorsOptions): Promise<void> {
  const { stack, folder, progress } = options;
  const database = await freshDatabase(stack);
  const env = environmentOf(stack, database.url, freshTopicPrefix());
  const { text: key } = await prepareData(env, folder);
  const ports = await freePorts(2 * apps.length);
  const running = new Map<AppName, AppProcess>();
  try {
    for (const [index, app] of apps.entries()) {
      const listening = { PORT: `${ports[2 * index]}`, METRICS_PORT: `${ports[2 * index + 1]}` };
      const own = { ...listening, LOG_LEVEL: 'warn', CHORDA_AGENT_MODELS: 'direct' };
      running.set(app, startApp(app, { ...env, ...own }, join(folder, `${app}.log`)));
      const health = `http://127.0.0.1:${app === 'gateway' ? own.PORT : own.METRICS_PORT}/readyz`;
      await waitFor(app, 90_000, async () => (await fetch(health)).ok);
    }
    const agent = new Agent({ keepAlive: true });
    const caller = { url: `http://127.0.0.1:${ports[0]}`, key, agent };
    await measure(caller, 16, 3);
    progress(
      'at once  /s      answer p50 ms  p99 ms  read model p50 ms  p99 ms  refused  CPU µs a command of each process',
    );
    await row({ ...caller, pauseMs: lowLoadPauseMs }, 1, options, running);
    for (const callers of options.atOnce) await row(caller, callers, options, running);
    agent.destroy();
  } finally {
    for (const app of running.values()) await app.stop();
    await database.drop();
  }
}

async function row(
  caller: Caller,
  callers: number,
  { stack, seconds, progress }: DoorsOptions,
  running: ReadonlyMap<AppName, AppProcess>,
): Promise<void> {
  const spent = () => {
    const own = [...running].map(([app, { pid }]) => [app, cpuSeconds(stack, [pid]).own] as const);
    const { postgres, kafka } = cpuSeconds(stack, []);
    return new Map<string, number>([...own, ['postgres', postgres], ['kafka', kafka]]);
  };
  const before = spent();
  const { samples, elapsed } = await measure(caller, callers, seconds);
  const costs = [...spent()].map(([name, after]) => {
    return `${name} ${figure(((after - (before.get(name) ?? 0)) / samples.length) * 1e6)}`;
  });
  const of = (key: keyof Sample, share: number) =>
    figure(
      percentile(
        samples.map((each) => each[key]),
        share,
      ),
    );
  const name = caller.pauseMs ? `${callers}, at rest between` : `${callers}`;
  const refused = samples.reduce((sum, each) => sum + each.refused, 0);
  const cells = [name, figure(samples.length / elapsed), of('answeredMs', 0.5), of('answeredMs', 0.99)];
  progress([...cells, of('shownMs', 0.5), of('shownMs', 0.99), refused, costs.join(', ')].join('  '));
}

async function measure(caller: Caller, callers: number, seconds: number) {
  const samples: Sample[] = [];
  const startMs = performance.now();
  const call = async () => {
    while (performance.now() - startMs < seconds * 1_000) {
      samples.push(await create(caller));
      if (caller.pauseMs) await sleep(caller.pauseMs);
    }
  };
  await Promise.all(Array.from({ length: callers }, call));
  return { samples, elapsed: (performance.now() - startMs) / 1_000 };
}

async function create(caller: Caller): Promise<Sample> {
  const givenMs = performance.now();
  const body = { name: 'Bench', tools: [] };
  const created = await untilTaken(caller, 'POST', '/v1/agents', body);
  const answeredMs = performance.now() - givenMs;
  if (created.status !== 201) throw new Error(`POST /v1/agents answered ${created.status}: ${created.text}`);
  const { position }: { position: string } = JSON.parse(created.text);
  const query = new URLSearchParams({ min_position: position, wait: String(waitMsMax) });
  const shown = await untilTaken(caller, 'GET', `${created.location}?${query.toString()}`);
  if (shown.status !== 200) throw new Error(`${created.location} answered ${shown.status}: ${shown.text}`);
  return { answeredMs, shownMs: performance.now() - givenMs, refused: created.refused + shown.refused };
}

/** As a client does that is told to come again: the time until then is its caller's, too. */
async function untilTaken(caller: Caller, method: string, path: string, body?: object) {
  for (let refused = 0; ; refused++) {
    const answer = await exchange(caller, method, path, body);
    const isRefused = answer.status === 429 || answer.status === 503;
    if (!isRefused || refused === triesMax) return { ...answer, refused };
    await sleep(1_000 * answer.retryAfterSeconds);
  }
}

interface Exchanged {
  readonly status: number;
  readonly location: string;
  readonly text: string;
  readonly retryAfterSeconds: number;
}

function exchange({ url, key, agent }: Caller, method: string, path: string, body?: object): Promise<Exchanged> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${key}`, ...(body && { 'content-type': 'application/json' }) };
    const sent = request(`${url}${path}`, { method, agent, headers }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      answer.on('end', () => {
        const { location = '', 'retry-after': retryAfter } = answer.headers;
        resolve({ status: answer.statusCode ?? 0, location, text, retryAfterSeconds: Number(retryAfter ?? 1) });
      });
    });
    sent.on('error', reject);
    sent.end(body && JSON.stringify(body));
  });
}
