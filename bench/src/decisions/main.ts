import { parseArgs } from 'node:util';
import { freshDatabase, startStack } from '@chorda/testing';
import { figure, median, percentile } from '../samples.js';
import { appendArm, engineArm, type Arm } from './arms.js';

const usage = `npm run bench -- decisions [--at-once 1,16,128,1024 --seconds 8 --rounds 3 --streams 1000]

Commands decided a second, and from giving a command to its answer, by so many callers at once: the engine, which keeps
command and events on the log and answers after both, beside one append with an expected version for each command, which
has no log. Callers, engine and servers share this machine; fsync is on.`;

const { values } = parseArgs({
  options: {
    'at-once': { type: 'string', default: '1,16,128,1024' },
    seconds: { type: 'string', default: '8' },
    rounds: { type: 'string', default: '3' },
    streams: { type: 'string', default: '1000' },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  console.log(usage);
  process.exit(0);
}
const [seconds, rounds, streams] = [values.seconds, values.rounds, values.streams].map(Number) as [
  number,
  number,
  number,
];
const atOnce = values['at-once'].split(',').map(Number);

interface Run {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

async function measure(arm: Arm, callers: number): Promise<Run> {
  const samples: number[] = [];
  const endMs = performance.now() + seconds * 1_000;
  const call = async () => {
    while (performance.now() < endMs) {
      const startMs = performance.now();
      await arm.decide(`stream-${Math.floor(Math.random() * streams)}`);
      samples.push(performance.now() - startMs);
    }
  };
  const startMs = performance.now();
  await Promise.all(Array.from({ length: callers }, call));
  const elapsed = (performance.now() - startMs) / 1_000;
  return { perSecond: samples.length / elapsed, p50Ms: percentile(samples, 0.5), p99Ms: percentile(samples, 0.99) };
}

const stack = await startStack({ servers: ['kafka', 'postgres'] });
const databases = [await freshDatabase(stack), await freshDatabase(stack)] as const;
const arms = [await engineArm(stack, databases[0]), await appendArm(databases[1])];
try {
  for (const arm of arms) await measure(arm, 16);
  for (const callers of atOnce) {
    const runs = new Map<Arm, Run[]>(arms.map((arm) => [arm, []]));
    // Turn by turn, so that whatever else the machine does falls on both.
    for (let round = 0; round < rounds; round++) {
      for (const [arm, done] of runs) done.push(await measure(arm, callers));
    }
    for (const [arm, done] of runs) {
      const of = (key: keyof Run) => figure(median(done.map((run) => run[key])));
      console.log(
        `${callers} at once, ${arm.name}: ${of('perSecond')}/s, p50 ${of('p50Ms')} ms, p99 ${of('p99Ms')} ms`,
      );
    }
  }
} finally {
  for (const arm of arms) await arm.stop();
  await stack.stop();
}
