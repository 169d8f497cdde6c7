import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePorts } from '@chorda/native-stack';
import type { TestStack } from '@chorda/testing';
import { waitFor } from '../backbone.js';
import { load } from '../gateway/measured-load.js';
import type { LoadReport } from '../http-load/load-plan.js';
import { startOwnedProcess, type OwnedProcess } from '../owned-process.js';
import { postgresSeconds, treeSeconds } from '../projector/processors.js';
import { figure, median } from '../samples.js';
import { startDoor } from './door-ground.js';
import { InferenceGround } from './inference-ground.js';
import { startLiteLlm } from './litellm.js';

export interface DoorsOptions {
  readonly stack: TestStack;
  readonly rounds: number;
  readonly seconds: number;
  readonly warmUpSeconds: number;
  readonly connections: number;
  /** Worker processes of LiteLLM, one arm each. */
  readonly litellm: readonly number[];
  readonly progress: (line: string) => void;
}

interface Arm {
  readonly name: string;
  readonly connections: number;
  readonly port: number;
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Whose processor time the arm's requests are, each by what it has used until now. */
  readonly spent: () => ReadonlyMap<string, number>;
}

export interface DoorsRow {
  readonly name: string;
  readonly requestsPerSecond: number;
  readonly p50: number;
  readonly p99: number;
  readonly failed: number;
  readonly cpuSecondsPer1000: Readonly<Record<string, number>>;
  readonly cpuSecondsPer1000InAll: number;
}

const answerMs = 50;
const stub = fileURLToPath(new URL('./stub-process.js', import.meta.url));
const body = JSON.stringify({
  model: 'simulated',
  messages: [{ role: 'user', content: 'Say that all of it is well.' }],
  max_tokens: 16,
});

/** Chats through a door, as many at once as there are connections, before a server that answers each after 50 ms. */
export async function doors(options: DoorsOptions): Promise<readonly DoorsRow[]> {
  const { stack, rounds, seconds, warmUpSeconds, progress } = options;
  const ground = await InferenceGround.open(stack);
  const running: OwnedProcess[] = [];
  try {
    const arms = await startArms(options, ground, running);
    const rows = new Map<Arm, DoorsRow[]>(arms.map((arm) => [arm, []]));
    for (let round = 0; round <= rounds; round += 1) {
      for (const arm of arms) {
        const row = await measure(arm, round === 0 ? warmUpSeconds : seconds);
        if (round > 0) rows.get(arm)?.push(row);
        progress(`${round === 0 ? 'warm-up' : `round ${round}/${rounds}`}: ${shown(row)}`);
      }
    }
    return arms.map((arm) => middle(rows.get(arm) ?? []));
  } finally {
    for (const { child, ended } of running.toReversed()) {
      child.kill('SIGTERM');
      await ended;
    }
    await ground.close();
  }
}

async function startArms(
  { stack, connections, litellm, progress }: DoorsOptions,
  ground: InferenceGround,
  running: OwnedProcess[],
): Promise<readonly Arm[]> {
  const [stubPort = 0] = await freePorts(1);
  running.push(startOwnedProcess([stub, `${stubPort}`, `${answerMs}`], ground.env, join(ground.folder, 'stub.log')));
  const url = `http://127.0.0.1:${stubPort}`;
  await waitFor('The stub', 30_000, async () => (await fetch(`${url}/health`)).ok);
  const { port, headers, gateway, worker } = await startDoor(ground, url);
  running.push(worker, gateway);
  const processes = { gateway, worker };
  const spent = () =>
    new Map<string, number>([
      ...Object.entries(processes).map(([name, { child }]) => [name, treeSeconds(child.pid ?? 0)] as const),
      ['kafka', treeSeconds(stack.server('kafka').pid ?? 0)],
      ['postgres', postgresSeconds(stack)],
    ]);
  const target = '/openai/v1/chat/completions';
  const chorda = { port, target, headers, spent };
  const arms: Arm[] = [{ ...chorda, name: 'Chorda', connections }];
  for (const workers of litellm) {
    const { process, ...proxy } = await startLiteLlm(url, workers, ground.folder, progress);
    running.push(process);
    const own = () => new Map([['litellm', treeSeconds(process.child.pid ?? 0)]]);
    const name = `LiteLLM, ${workers} ${workers === 1 ? 'worker' : 'workers'}`;
    arms.push({ ...proxy, name, connections, target: '/v1/chat/completions', spent: own });
  }
  const direct = { port: stubPort, target: '/v1/chat/completions', headers: {}, spent: () => new Map() };
  return [...arms, { ...direct, name: 'No door, one call after another', connections: 1 }];
}

async function measure({ name, connections, port, target, headers, spent }: Arm, seconds: number): Promise<DoorsRow> {
  const before = spent();
  const report = await load({
    ...{ host: '127.0.0.1', port, connections, durationMs: seconds * 1_000, method: 'POST', target },
    headers: { ...headers, 'content-type': 'application/json' },
    bodies: [body],
    firstNumber: 0,
  });
  const answered = report.byStatus['200'] ?? 0;
  const costs = [...spent()].map(
    ([process, after]) => [process, ((after - (before.get(process) ?? 0)) / Math.max(1, answered)) * 1_000] as const,
  );
  return {
    ...{ name, requestsPerSecond: answered / report.seconds, ...latencies(report) },
    failed: report.requests - answered,
    cpuSecondsPer1000: Object.fromEntries(costs),
    cpuSecondsPer1000InAll: costs.reduce((sum, [, cost]) => sum + cost, 0),
  };
}

function latencies({ admitted }: LoadReport): Pick<DoorsRow, 'p50' | 'p99'> {
  return { p50: admitted.p50, p99: admitted.p99 };
}

function middle(rows: readonly DoorsRow[]): DoorsRow {
  const [first] = rows;
  if (!first) throw new TypeError('An arm without a round');
  const of = (value: (row: DoorsRow) => number) => median(rows.map(value));
  return {
    name: first.name,
    requestsPerSecond: of(({ requestsPerSecond }) => requestsPerSecond),
    p50: of(({ p50 }) => p50),
    p99: of(({ p99 }) => p99),
    failed: rows.reduce((sum, { failed }) => sum + failed, 0),
    cpuSecondsPer1000: Object.fromEntries(
      Object.keys(first.cpuSecondsPer1000).map((name) => [name, of((row) => row.cpuSecondsPer1000[name] ?? 0)]),
    ),
    cpuSecondsPer1000InAll: of(({ cpuSecondsPer1000InAll }) => cpuSecondsPer1000InAll),
  };
}

export function shown(row: DoorsRow): string {
  const costs = Object.entries(row.cpuSecondsPer1000).map(([name, cost]) => `${name} ${cost.toFixed(2)}`);
  const cells = [`${row.name}: ${figure(row.requestsPerSecond)}/s`, `p50 ${figure(row.p50)} p99 ${figure(row.p99)} ms`];
  const cpu = `CPU s per 1,000: ${row.cpuSecondsPer1000InAll.toFixed(2)} (${costs.join(', ')})`;
  return [...cells, ...(costs.length > 0 ? [cpu] : []), ...(row.failed > 0 ? [`${row.failed} failed`] : [])].join(', ');
}
