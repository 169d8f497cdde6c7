import kafkajs from 'kafkajs';
import type { LoadPlan } from '../http-load/load-plan.js';
import { rateOf } from '../produce.bench.js';
import { batchBodies, eventBodies, type Server } from './contestants.js';
import { measuredLoad, type Figures } from './measured-load.js';

export interface Round {
  readonly arm: string;
  readonly contestant: string;
  readonly round: number;
  readonly figures: Readonly<Record<string, number>>;
}

export interface Pace {
  readonly rounds: number;
  readonly seconds: number;
}

export const singleConnections = 64;
const batchConnections = 16;
export const batchEvents = 100;
let numbers = 0;

/** A fresh range of ids for each load. */
export function nextNumbers(): number {
  numbers += 100_000_000;
  return numbers;
}

export function planOf(server: Server, changes: Partial<LoadPlan>): LoadPlan {
  const contentType = server.name.startsWith('Chorda') ? 'application/cloudevents+json' : 'application/json';
  return {
    host: '127.0.0.1',
    port: server.port,
    connections: singleConnections,
    durationMs: 10_000,
    method: 'POST',
    target: '/v1/events',
    headers: { 'content-type': contentType, ...server.headers },
    bodies: eventBodies,
    firstNumber: nextNumbers(),
    ...changes,
  };
}

/** One event a request, 64 connections; contestants in turn, the first round warms up. */
export async function singles(
  servers: readonly Server[],
  brokerPid: number,
  pace: Pace,
  note: (round: Round) => void,
): Promise<void> {
  for (let round = 0; round <= pace.rounds; round += 1) {
    for (const server of turned(servers, round)) {
      const figures = await measuredLoad(planOf(server, { durationMs: pace.seconds * 1000 }), server.pid, brokerPid);
      requireSuccess(server.name, figures);
      if (round > 0) note({ arm: 'single', contestant: server.name, round, figures: summaryOf(figures) });
    }
  }
}

/** Batches of 100 through the door, against kafkajs sending batches of 100 as they are. */
export async function batches(
  server: Server,
  kafka: { readonly brokers: readonly string[]; readonly topic: string },
  pace: Pace,
  note: (round: Round) => void,
): Promise<void> {
  const client = new kafkajs.Kafka({ brokers: [...kafka.brokers], logLevel: kafkajs.logLevel.ERROR });
  const producer = client.producer({ allowAutoTopicCreation: false });
  await producer.connect();
  const messages = eventBodies.map((value, index) => ({ key: `default/AGENT-${index}`, value }));
  const headers = { ...server.headers, 'content-type': 'application/cloudevents-batch+json' };
  const bodies = batchBodies(batchEvents);
  try {
    for (let round = 0; round <= pace.rounds; round += 1) {
      const perSecond = await plainRate(() => producer.send({ topic: kafka.topic, acks: -1, messages }), pace.seconds);
      const plan = planOf(server, { connections: batchConnections, durationMs: pace.seconds * 1000, bodies, headers });
      const ours = await measuredLoad(plan, server.pid);
      requireSuccess(server.name, ours);
      if (round === 0) continue;
      note({ arm: 'batch', contestant: 'kafkajs, batches of 100', round, figures: { events_per_second: perSecond } });
      const figures = { ...summaryOf(ours), events_per_second: ours.admittedPerSecond * batchEvents };
      note({ arm: 'batch', contestant: server.name, round, figures });
    }
  } finally {
    await producer.disconnect();
  }
}

async function plainRate(send: () => Promise<unknown>, seconds: number): Promise<number> {
  const probe = await rateOf(100, batchConnections, send);
  const sends = Math.max(100, Math.round(probe * seconds));
  return (await rateOf(sends, batchConnections, send)) * batchEvents;
}

function turned<Item>(items: readonly Item[], round: number): readonly Item[] {
  const shift = round % items.length;
  return [...items.slice(shift), ...items.slice(0, shift)];
}

/** @throws for any answer but a 2xx: a refused event is no throughput. */
function requireSuccess(name: string, { byStatus, broken }: Figures): void {
  const others = Object.keys(byStatus).filter((status) => !status.startsWith('2') || status === '207');
  if (others.length > 0 || broken > 0) throw new Error(`${name} answered ${JSON.stringify(byStatus)}`);
}

export function summaryOf(figures: Figures): Record<string, number> {
  return {
    per_second: figures.admittedPerSecond,
    p50_ms: figures.admitted.p50,
    p99_ms: figures.admitted.p99,
    max_ms: figures.admitted.max,
    server_cpu_s_per_10k: figures.serverCpuSecondsPer10k,
    ...(Number.isNaN(figures.brokerCpuSecondsPer10k) ? {} : { broker_cpu_s_per_10k: figures.brokerCpuSecondsPer10k }),
    load_cpu_s_per_10k: (figures.cpuSeconds / figures.requests) * 10_000,
    server_mib: figures.serverMebibytes,
    unsent: figures.unsent,
  };
}
