import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { EventCodec } from '@chorda/contracts';
import { silentLogger } from '@chorda/kernel';
import { createKafkaDriver } from '@chorda/messaging';
import { freePorts } from '@chorda/native-stack';
import { prepareData } from '@chorda/native-stack/start';
import { freshDatabase, freshTopicPrefix, startStack, type StackAddresses } from '@chorda/testing';
import { environmentOf, startApp, waitFor } from './backbone.js';
import { benchIngest } from './ingest.bench.js';
import { benchJournal } from './journal.bench.js';
import { benchLatency } from './latency.bench.js';
import { benchProduce, rateOf } from './produce.bench.js';
import { sampleEvent } from './sample-event.js';
import { median, summarize, type Measure } from './samples.js';

const usage = `npm run bench [-- --rounds 5 --only produce,ingest,journal,latency --rates 1000,5000,10000]

  --rates   events/s at which latency is measured

Starts servers of its own, measures side by side, and writes the raw samples to bench/results/.`;

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    only: { type: 'string', default: 'produce,ingest,journal,latency' },
    rates: { type: 'string', default: '1000,5000,10000' },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  console.log(usage);
  process.exit(0);
}
const rounds = Number(values.rounds);
const wanted = new Set(values.only.split(','));
const progress = (line: string) => console.log(`${new Date().toISOString().slice(11, 19)} ${line}`);
const folder = mkdtempSync(join(tmpdir(), 'chorda-bench-'));

const stack = await startStack();
const measures: Measure[] = [];
try {
  if (wanted.has('produce')) measures.push(...(await produce()));
  if (wanted.has('ingest')) measures.push(await ingest());
  if (wanted.has('journal')) measures.push(await journal());
  if (wanted.has('latency')) measures.push(...(await latency()));
} finally {
  await stack.stop();
}
report();

/** A database and topics of a measure's own. */
async function freshBackbone(use: StackAddresses) {
  const topicPrefix = freshTopicPrefix();
  const database = await freshDatabase(use);
  const env = environmentOf(use, database.url, topicPrefix);
  const home = mkdtempSync(join(folder, 'home-'));
  const key = await prepareData(env, home);
  return { topicPrefix, database, env, key };
}

async function produce(): Promise<readonly Measure[]> {
  const { topicPrefix, database } = await freshBackbone(stack);
  await database.drop();
  const brokers = stack.kafkaBrokers.split(',');
  const topic = `${topicPrefix}agent.events`;
  const sizes = { awaitedEvents: 2_000, concurrentEvents: 40_000, callers: 256 };
  return benchProduce({ brokers, topic, rounds, ...sizes }, progress);
}

async function ingest(): Promise<Measure> {
  const { env, key, database } = await freshBackbone(stack);
  const [port, metricsPort] = await freePorts(2);
  const url = `http://127.0.0.1:${port}`;
  const ports = { PORT: `${port}`, METRICS_PORT: `${metricsPort}`, LOG_LEVEL: 'warn' };
  const gateway = startApp('gateway', { ...env, ...ports }, join(folder, 'gateway.log'));
  try {
    await waitFor('The gateway', 60_000, async () => (await fetch(`${url}/readyz`)).ok);
    const sizes = { singleEvents: 10_000, batchedEvents: 40_000 };
    return await benchIngest({ url, apiKey: key.text, rounds, ...sizes }, progress);
  } finally {
    await gateway.stop();
    await database.drop();
  }
}

async function journal(): Promise<Measure> {
  const events = 200_000;
  const { topicPrefix, database } = await freshBackbone(stack);
  await database.drop();
  progress(`journal: filling the log with ${events} events`);
  const codec = await EventCodec.connect({ registryUrl: stack.registryUrl, topicPrefix });
  const connection = { brokers: stack.kafkaBrokers.split(','), topicPrefix, clientId: 'bench' };
  const driver = createKafkaDriver(connection, { logger: silentLogger });
  const producer = await driver.createProducer();
  await rateOf(events, 5_000, (index) => producer.send(codec.encode(sampleEvent(index))));
  await producer.close();
  await driver.close();
  return benchJournal({ stack, topicPrefix, events, oneByOneEvents: 5_000, rounds, folder }, progress);
}

async function latency(): Promise<readonly Measure[]> {
  const name = 'the projector, from Kafka, exactly once';
  const rates = measures.flatMap(({ samples }) => samples.filter((sample) => sample.contestant === name));
  // What the projector does alone; here sender and broker take their share of the same processors.
  const alone = rates.length > 0 ? [median(rates.map(({ value }) => value)) / 2] : [];
  const latencies: Measure[] = [];
  for (const eventsPerSecond of [...values.rates.split(',').map(Number), ...alone]) {
    const { topicPrefix, database } = await freshBackbone(stack);
    const load = { eventsPerSecond, seconds: 10, rounds: Math.min(rounds, 3) };
    latencies.push(
      ...(await benchLatency({ stack, topicPrefix, databaseUrl: database.url, folder, ...load }, progress)),
    );
    await database.drop();
  }
  return latencies;
}

function report(): void {
  const machine = {
    cores: availableParallelism(),
    model: cpus()[0]?.model,
    memoryBytes: totalmem(),
    node: process.version,
  };
  const resultsFolder = new URL('../results/', import.meta.url);
  mkdirSync(resultsFolder, { recursive: true });
  const file = new URL(`${new Date().toISOString().replaceAll(':', '-')}.json`, resultsFolder);
  writeFileSync(file, JSON.stringify({ machine, measures }, undefined, 2));
  console.log('\n| measure | contestant | median | range | against the first |\n| --- | --- | --- | --- | --- |');
  for (const measure of measures) for (const line of summarize(measure)) console.log(line);
  console.log(`\nRaw samples and settings: ${file.pathname}`);
}
