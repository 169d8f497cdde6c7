import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { EventCodec } from '@chorda/contracts';
import { silentLogger, sleep } from '@chorda/kernel';
import { createKafkaDriver, type Producer } from '@chorda/messaging';
import { freePorts } from '@chorda/native-stack';
import { prepareData } from '@chorda/native-stack/start';
import { freshDatabase, freshTopicPrefix, startStack } from '@chorda/testing';
import { entryOf, environmentOf, waitFor } from '../backbone.js';
import { startOwnedProcess } from '../owned-process.js';
import { sampleEvent } from '../sample-event.js';
import { figure, median, percentile } from '../samples.js';
import { Listeners } from './listeners.js';

const usage = `npm run bench -- tail [--rounds 3 --sockets 500 --filters 10 --rate 20,100 --seconds 10]

WebSockets with a CEL filter each, events at a rate, every event for every socket: CPU of the serving process and the
time from the producer to the socket, of the gateway and of a server in which each socket works for itself.`;

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    sockets: { type: 'string', default: '500' },
    filters: { type: 'string', default: '10' },
    rate: { type: 'string', default: '20,100' },
    seconds: { type: 'string', default: '10' },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  console.log(usage);
  process.exit(0);
}
const [rounds, sockets, filters, seconds] = [values.rounds, values.sockets, values.filters, values.seconds].map(Number);
const rates = values.rate.split(',').map(Number);

interface Result {
  readonly cpuShare: number;
  readonly cpuMicrosPerEvent: number;
  readonly missing: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** Of the event that was sent last. */
let number = 0;
const stack = await startStack();
const folder = mkdtempSync(join(tmpdir(), 'chorda-bench-tail-'));
try {
  console.log(
    '| events/s | server | share of a core | µs of CPU an event delivered | p50 ms | p99 ms | not delivered |',
  );
  console.log('| --- | --- | --- | --- | --- | --- | --- |');
  for (const rate of rates) await compare(rate);
} finally {
  await stack.stop();
}

async function compare(rate: number): Promise<void> {
  const results = new Map<string, Result[]>([
    ['the gateway', []],
    ['each socket for itself', []],
  ]);
  for (let round = 0; round < (rounds ?? 1); round += 1) {
    for (const [name, list] of results) list.push(await measure(name === 'the gateway', rate));
  }
  for (const [name, list] of results) {
    const middle = (of: (result: Result) => number) => figure(median(list.map(of)));
    const columns = [
      ...[String(rate), name, middle(({ cpuShare }) => cpuShare), middle(({ cpuMicrosPerEvent }) => cpuMicrosPerEvent)],
      ...[middle(({ p50Ms }) => p50Ms), middle(({ p99Ms }) => p99Ms), middle(({ missing }) => missing)],
    ];
    console.log(`| ${columns.join(' | ')} |`);
  }
}

/** A database, topics and a server of its own. */
async function measure(isGateway: boolean, rate: number): Promise<Result> {
  const topicPrefix = freshTopicPrefix();
  const database = await freshDatabase(stack);
  const env = environmentOf(stack, database.url, topicPrefix);
  const key = await prepareData(env, mkdtempSync(join(folder, 'home-')));
  const [port, metricsPort] = await freePorts(2);
  const server = startOwnedProcess(
    [isGateway ? entryOf('gateway') : fileURLToPath(new URL('naive-server.js', import.meta.url))],
    { ...env, PORT: `${port}`, METRICS_PORT: `${metricsPort}`, LOG_LEVEL: 'warn' },
    join(folder, 'server.log'),
  );
  const listeners = new Listeners();
  const driver = createKafkaDriver(
    { brokers: stack.kafkaBrokers.split(','), topicPrefix, clientId: 'bench' },
    { logger: silentLogger },
  );
  const codec = await EventCodec.connect({ registryUrl: stack.registryUrl, topicPrefix });
  const producer = await driver.createProducer();
  try {
    const path = isGateway ? '/readyz' : '/';
    await waitFor('The server', 60_000, async () => (await fetch(`http://127.0.0.1:${port}${path}`)).status !== 503);
    const url = `ws://127.0.0.1:${port}${isGateway ? '/v1/ws' : ''}`;
    const headers: Record<string, string> = isGateway ? { authorization: `Bearer ${key.text}` } : {};
    await listeners.connect(url, sockets ?? 1, headers, filterOf);
    // The group of the naive server may still be joining; nothing is counted yet.
    await send(producer, codec, rate, 5);
    await listeners.quiet();
    return await count(server.child.pid ?? 0, listeners, () => send(producer, codec, rate, seconds ?? 1));
  } finally {
    listeners.close();
    await driver.close();
    codec.close();
    server.child.kill('SIGTERM');
    await server.ended;
    await database.drop();
  }
}

/** Every event passes every one of them; none is decided without a look at the payload. */
function filterOf(index: number): string {
  return `type == "agent.executed" && data.execution_time_ms >= 0 && source != "urn:none:${index % (filters ?? 1)}"`;
}

async function count(pid: number, listeners: Listeners, load: () => Promise<number>): Promise<Result> {
  listeners.begin();
  const [cpuBefore, startMs] = [cpuSeconds(pid), performance.now()];
  const sent = await load();
  const wanted = sent * (sockets ?? 1);
  // What is late is waited for, so that a server which falls behind shows its lag and not fewer events.
  for (let waitedMs = 0; listeners.delivered < wanted && waitedMs < 20_000; waitedMs += 50) await sleep(50);
  const cpu = cpuSeconds(pid) - cpuBefore;
  const elapsedS = (performance.now() - startMs) / 1_000;
  const latencies = listeners.end();
  const lost = listeners.lost.filter((what) => !what.includes('"ready"'));
  if (lost.length > 0) console.log(`${lost.length} lost: ${[...new Set(lost)].slice(0, 5).join('; ')}`);
  return {
    cpuShare: cpu / elapsedS,
    cpuMicrosPerEvent: (cpu * 1e6) / Math.max(1, listeners.delivered),
    missing: wanted - listeners.delivered,
    p50Ms: percentile(latencies, 0.5),
    p99Ms: percentile(latencies, 0.99),
  };
}

/** Open loop: what is due is sent, however late the server is. */
async function send(producer: Producer, codec: EventCodec, rate: number, forSeconds: number): Promise<number> {
  const total = Math.round(rate * forSeconds);
  const startMs = performance.now();
  const sending: Promise<unknown>[] = [];
  while (sending.length < total) {
    const due = Math.min(total, Math.floor(((performance.now() - startMs) / 1_000) * rate) + 1);
    while (sending.length < due) {
      const { event, metadata } = sampleEvent((number += 1));
      const stamped = { event, metadata: { ...metadata, id: `bench-${number}`, timeMs: Date.now() } };
      sending.push(producer.send(codec.encode(stamped)));
    }
    await sleep(1);
  }
  await Promise.all(sending);
  return total;
}

/** User and system time of a process, in seconds; Linux counts it in hundredths. */
function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}
