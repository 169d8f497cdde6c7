// npm run bench -- projector: the ladder of the projector, and its rivals, side by side.
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { prepareData } from '@chorda/native-stack/start';
import { freshDatabase, freshTopicPrefix, startStack, type TestStack } from '@chorda/testing';
import { environmentOf } from '../backbone.js';
import { projectorArm, rivalArm, stageArm, type Arm, type Ground } from './arms.js';
import { tableOf, type Sample } from './ladder-table.js';
import { connectProgram } from './rival-connect.js';
import { fillFlatLog, fillOwnLog, type KeyShape } from './workload.js';

const usage = `npm run bench -- projector [--rounds 3] [--events 200000] [--warm-up 200000] [--only L,S,naive,E,rival]
  [--tables insert/unique,insert/zipf,fold/unique,fold/zipf,journal/unique]

  --events   measured events of each contestant, after --warm-up ones; the naive ones do a fiftieth
  --tables   which tables and keys, table/keys; left out: all of them
  --only     which groups run: L (limits of Postgres), S (stages of the log), naive, E (end to end), rival

Starts servers of its own, lets the contestants of each round run in turn, prints a table, and writes settings and raw
samples to bench/results/. A JVM compiles for long: --events 1000000 --warm-up 800000 is kinder to the rival.`;

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    events: { type: 'string', default: '200000' },
    'warm-up': { type: 'string', default: '200000' },
    only: { type: 'string', default: 'L,S,naive,E,rival' },
    tables: { type: 'string' },
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

const onOwnLog = { isOwnLog: true, unnest: true };
const onFlatLog = { isOwnLog: false, unnest: true };
const groups: Readonly<Record<string, readonly Arm[]>> = {
  L: [
    stageArm('L0 COPY into a bare heap', 'heap', 'unique', 'insert'),
    stageArm('L1 COPY into the table with its key', 'indexed', 'unique', 'insert'),
    stageArm('L1 COPY into the journal with its six indexes', 'journal', 'unique', 'journal'),
    stageArm('L2 COPY, merge, checkpoint', 'merge', 'unique', 'fold'),
    stageArm('L2 COPY, merge, checkpoint', 'merge', 'zipf', 'fold'),
    stageArm('L3 upsert by UNNEST, checkpoint', 'unnest', 'unique', 'fold'),
    stageArm('L3 upsert by UNNEST, checkpoint', 'unnest', 'zipf', 'fold'),
  ],
  S: [
    stageArm('S1 consume', 'consume', 'unique', 'none'),
    stageArm('S2 consume, decode', 'decode', 'unique', 'none'),
    stageArm('S3 consume, decode, fold', 'fold', 'unique', 'none'),
    stageArm('S3 consume, decode, fold', 'fold', 'zipf', 'none'),
  ],
  naive: [
    stageArm('naive: kafkajs, one INSERT a message', 'naive', 'unique', 'insert'),
    stageArm('naive: kafkajs, one upsert a message', 'naive', 'zipf', 'fold'),
  ],
  E: [
    projectorArm('E the projector', 'unique', 'insert'),
    projectorArm('E the projector', 'zipf', 'insert'),
    projectorArm('E the projector', 'unique', 'fold'),
    projectorArm('E the projector', 'zipf', 'fold'),
    projectorArm('E the projector, journal with its six indexes', 'unique', 'journal'),
  ],
  rival: [
    rivalArm('Debezium sink', 'unique', 'insert', { ...onOwnLog, reductionBuffer: false }),
    rivalArm('Debezium sink', 'zipf', 'fold', { ...onOwnLog, reductionBuffer: true }),
    rivalArm('Debezium sink, log made for it', 'unique', 'insert', { ...onFlatLog, reductionBuffer: false }),
    rivalArm('Debezium sink, log made for it', 'unique', 'fold', { ...onFlatLog, reductionBuffer: true }),
    rivalArm('Debezium sink, log made for it', 'zipf', 'fold', { ...onFlatLog, reductionBuffer: true }),
    // Two rows of a key in one statement are refused by Postgres, so without the buffer it cannot use UNNEST.
    rivalArm('Debezium sink, log made for it, no reduction', 'zipf', 'fold', {
      ...{ isOwnLog: false, unnest: false, reductionBuffer: false },
    }),
  ],
};

const tables = values.tables?.split(',');
const isWanted = ({ table, shape }: Arm) => tables === undefined || tables.includes(`${table}/${shape}`);
const arms = Object.entries(groups).flatMap(([group, own]) => (wanted.has(group) ? own.filter(isWanted) : []));
if (arms.length === 0)
  throw new Error(`--only and --tables leave nobody; groups are ${Object.keys(groups).join(', ')}`);
const stack = await startStack();
const samples: Sample[] = [];
try {
  const ground = await prepare(stack);
  for (let round = 1; round <= rounds; round++) await runRound(ground, round);
} finally {
  await stack.stop();
}
report();

async function prepare(on: TestStack): Promise<Ground> {
  const [events, warmUp] = [Number(values.events), Number(values['warm-up'])];
  const logs = {
    unique: { topicPrefix: freshTopicPrefix(), flatTopic: 'flat.unique' },
    zipf: { topicPrefix: freshTopicPrefix(), flatTopic: 'flat.zipf' },
  };
  const folder = mkdtempSync(join(tmpdir(), 'chorda-bench-'));
  const connect = wanted.has('rival') ? await connectProgram(progress) : undefined;
  for (const shape of ['unique', 'zipf'] as const) {
    progress(`Filling the logs with ${events + warmUp} events, ${shape} keys`);
    await fillOwn(on, logs[shape].topicPrefix, shape, events + warmUp, folder);
    if (connect) await fillFlatLog(on, logs[shape].flatTopic, shape, events + warmUp);
  }
  return { stack: on, logs, connect, events, warmUp, naiveEvents: Math.ceil(events / 50), folder };
}

/** Topics and schemas as a start makes them; the database that comes with them is not used. */
async function fillOwn(on: TestStack, topicPrefix: string, shape: KeyShape, events: number, folder: string) {
  const database = await freshDatabase(on);
  await prepareData(environmentOf(on, database.url, topicPrefix), mkdtempSync(join(folder, 'home-')));
  await database.drop();
  await fillOwnLog(on, topicPrefix, shape, events);
}

/** In an order that turns with the round, so that a slow minute of a shared machine is everybody's. */
async function runRound(ground: Ground, round: number): Promise<void> {
  const shift = (round * 5) % arms.length;
  for (const arm of [...arms.slice(shift), ...arms.slice(0, shift)]) {
    const run = await arm.run(ground, round);
    samples.push({ arm: { name: arm.name, shape: arm.shape, table: arm.table }, round, ...run });
    const { own, postgres, kafka } = run.cpu;
    const cpu = [own, postgres, kafka].map((seconds) => seconds.toFixed(1)).join(' + ');
    progress(
      `round ${round}/${rounds}: ${arm.name}, ${arm.shape}, ${arm.table}: ${Math.round(run.eventsPerSecond)} events/s, ${cpu} CPU s per million`,
    );
  }
}

function report(): void {
  const machine = {
    cores: availableParallelism(),
    model: cpus()[0]?.model,
    memoryBytes: totalmem(),
    node: process.version,
  };
  const folder = new URL('../../results/', import.meta.url);
  mkdirSync(folder, { recursive: true });
  const file = new URL(`projector-${new Date().toISOString().replaceAll(':', '-')}.json`, folder);
  writeFileSync(file, JSON.stringify({ machine, settings: values, samples }, undefined, 2));
  console.log(`\n${tableOf(samples).join('\n')}\n\nRaw samples and settings: ${file.pathname}`);
}
