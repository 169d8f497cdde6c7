import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { startStack } from '@chorda/testing';
import { startChorda } from './chorda.js';
import type { Contestant } from './contestant.js';
import { measureAll } from './measure.js';
import { parkedWaits } from './parked.js';
import { dbos, restate } from './rival-contestants.js';
import { shapes, type Shape } from './shapes.js';

const usage = `npm run bench -- workflows [--only runs,parked --arms script,tool,dbos,restate --shapes one,three,fan
  --at-once 1,16,128 --seconds 6 --rounds 3 --connections 32 --parked 100000 --decisions 1000]

runs    Runs a second from the request over HTTP to the end of the run, and processor time of all that is needed for it
        (own processes, Postgres, Kafka), for one step, three steps, and ten beside each other with a join:
        script   steps that the engine computes: as functions of a workflow in DBOS and Restate, without a process apart
        tool     steps that a process of the user's does, over the step protocol
        dbos     DBOS on the same Postgres (fsync on), in a process with a door over HTTP
        restate  Restate's server with a service in Node
parked  --parked runs that wait for a person: processor time of an idle system beside that of an empty one, and
        --decisions on them beside the same with none parked

DBOS and Restate are fetched when they are asked for. Callers and servers share this machine. Writes
bench/results/workflows.json.`;

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: 'runs,parked' },
    arms: { type: 'string', default: 'script,tool,dbos,restate' },
    shapes: { type: 'string', default: shapes.join() },
    'at-once': { type: 'string', default: '1,16,128' },
    seconds: { type: 'string', default: '6' },
    rounds: { type: 'string', default: '3' },
    connections: { type: 'string', default: '32' },
    parked: { type: 'string', default: '100000' },
    decisions: { type: 'string', default: '1000' },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  console.log(usage);
  process.exit(0);
}

const progress = (line: string) => console.log(line);
const folder = mkdtempSync(join(tmpdir(), 'chorda-bench-'));
const wanted = new Set(values.only.split(','));
const arms = values.arms.split(',');
const stack = await startStack();
const opened: { stop(): Promise<void> }[] = [];
try {
  const results: Record<string, unknown> = {};
  if (wanted.has('runs')) {
    const ground = await startChorda(stack, folder, { projector: false });
    opened.push(ground);
    const rival = { stack, folder, connections: Number(values.connections), progress };
    const contestants: Contestant[] = [];
    for (const arm of arms) {
      const made =
        arm === 'dbos' ? await dbos(rival) : arm === 'restate' ? await restate(rival) : ground.contestant(kindOf(arm));
      contestants.push(made);
      opened.push(made);
    }
    results['runs'] = await measureAll({
      ...{ stack, contestants, progress },
      shapes: values.shapes.split(',').map(shapeOf),
      atOnce: values['at-once'].split(',').map(Number),
      ...{ seconds: Number(values.seconds), rounds: Number(values.rounds) },
    });
  }
  for (const each of opened.splice(0).toReversed()) await each.stop();
  if (wanted.has('parked')) {
    const ground = await startChorda(stack, folder, { projector: true });
    opened.push(ground);
    const counts = { parked: Number(values.parked), decisions: Number(values.decisions) };
    results['parked'] = await parkedWaits({ stack, ground, progress, ...counts });
  }
  const file = fileURLToPath(new URL('../../results/workflows.json', import.meta.url));
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(file, `${JSON.stringify({ node: process.version, ...results }, null, 2)}\n`);
} finally {
  for (const each of opened.toReversed()) await each.stop();
  await stack.stop();
}
process.exit(0);

function kindOf(arm: string): 'script' | 'tool' {
  if (arm === 'script' || arm === 'tool') return arm;
  throw new Error(`--arms knows script, tool, dbos and restate, not ${arm}`);
}

function shapeOf(name: string): Shape {
  const shape = shapes.find((one) => one === name);
  if (shape === undefined) throw new Error(`--shapes knows ${shapes.join(', ')}, not ${name}`);
  return shape;
}
