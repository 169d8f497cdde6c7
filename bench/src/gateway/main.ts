import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startStack } from '@chorda/testing';
import { figure, median } from '../samples.js';
import { prepareGround, startGateway, startRival, type Server } from './contestants.js';
import { batches, singles, type Round } from './ingest-arms.js';
import { overload } from './overload-arm.js';
import { queriesBesideIngest } from './query-arm.js';

const usage = `npm run bench -- gateway [--rounds 3] [--seconds 10] [--only single,batch,query,overload]
                                [--overload-seconds 180] [--overload-admitted 16] [--other FOLDER] [--no-rivals]
                                [--target '/v1/events?limit=10&type=agent.executed']

The gateway against Nest's default adapter with Transport.KAFKA, and against kafkajs alone; queries beside ingest; and
three times more than a gateway admits. --other: the gateway of another checkout, built, in turn with this one, so that
a change is measured on a machine that other work shares. --target: what the query arm asks for; {agent} in it becomes each
agent in turn, so that no two queries are the same. Servers of its own, contestants in turn, raw figures in bench/results/.`;

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '10' },
    'overload-seconds': { type: 'string', default: '180' },
    'overload-admitted': { type: 'string', default: '16' },
    only: { type: 'string', default: 'single,batch,query,overload' },
    target: { type: 'string', default: '/v1/events?limit=10&type=agent.executed' },
    other: { type: 'string', multiple: true, default: [] },
    'no-rivals': { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  console.log(usage);
  process.exit(0);
}
const pace = { rounds: Number(values.rounds), seconds: Number(values.seconds) };
const arms = new Set(values.only.split(','));
const folder = mkdtempSync(join(tmpdir(), 'chorda-bench-'));
const rounds: Round[] = [];
const stack = await startStack();
const brokers = stack.kafkaBrokers.split(',');
try {
  if (arms.has('single') || arms.has('batch')) await ingest();
  if (arms.has('query')) await query();
  if (arms.has('overload')) await tooMuch();
} finally {
  await stack.stop();
}
report();

function note(round: Round): void {
  rounds.push(round);
  const text = Object.entries(round.figures).map(([name, value]) => `${name} ${figure(value)}`);
  console.log(`${round.arm}, ${round.contestant}, round ${round.round}: ${text.join(', ')}`);
}

async function ingest(): Promise<void> {
  // Topics of its own for each: our tail would stumble over the rival's records.
  const ours = await prepareGround(stack, folder);
  const theirs = await prepareGround(stack, folder);
  const servers: Server[] = [];
  try {
    const gateway = await startGateway(ours, folder);
    servers.push(gateway);
    for (const other of values.other) servers.push(await startGateway(ours, folder, {}, 'gateway', other));
    if (!values['no-rivals'])
      servers.push(await startRival(theirs, folder, true), await startRival(theirs, folder, false));
    if (arms.has('single')) await singles(servers, stack.server('kafka').pid ?? 0, pace, note);
    const topic = `${theirs.topicPrefix}agent.events`;
    if (arms.has('batch')) await batches(gateway, { brokers, topic }, pace, note);
  } finally {
    for (const server of servers) await server.stop();
    await ours.drop();
    await theirs.drop();
  }
}

async function query(): Promise<void> {
  const ground = await prepareGround(stack, folder);
  const gateway = await startGateway(ground, folder);
  const projector = await startGateway(ground, folder, {}, 'projector');
  try {
    await queriesBesideIngest({ stack, gateway, projector }, values.target, pace, note);
  } finally {
    await projector.stop();
    await gateway.stop();
    await ground.drop();
  }
}

async function tooMuch(): Promise<void> {
  const ground = await prepareGround(stack, folder);
  const admitted = Number(values['overload-admitted']);
  const gateway = await startGateway(ground, folder, { CHORDA_INGEST_REQUESTS_IN_FLIGHT_MAX: `${admitted}` });
  try {
    await overload(gateway, ground, { admitted, seconds: Number(values['overload-seconds']), brokers }, note);
  } finally {
    await gateway.stop();
    await ground.drop();
  }
}

function report(): void {
  const machine = {
    cores: availableParallelism(),
    model: cpus()[0]?.model,
    memoryBytes: totalmem(),
    node: process.version,
  };
  const results = new URL('../../results/', import.meta.url);
  mkdirSync(results, { recursive: true });
  const file = new URL(`gateway-${new Date().toISOString().replaceAll(':', '-')}.json`, results);
  writeFileSync(file, JSON.stringify({ machine, settings: values, rounds }, undefined, 2));
  console.log('\n| arm | contestant | figure | median |\n| --- | --- | --- | --- |');
  for (const ofArm of Map.groupBy(rounds, ({ arm, contestant }) => `${arm} | ${contestant}`)) {
    const [name, each] = ofArm;
    for (const key of Object.keys(each[0]?.figures ?? {})) {
      console.log(`| ${name} | ${key} | ${figure(median(each.map(({ figures }) => figures[key] ?? Number.NaN)))} |`);
    }
  }
  console.log(`\nRaw figures: ${file.pathname}`);
}
