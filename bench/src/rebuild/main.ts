// npm run bench -- rebuild: how fast a rebuild is, what it costs those who read live, and what memory the projector takes.
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startStack } from '@chorda/testing';
import { figure, median } from '../samples.js';
import { fillLog, type Setting } from './ground.js';
import { liveLatency, type LatencySample } from './live-latency.js';
import { memoryOf, type MemorySample } from './memory.js';
import { rebuildThroughput, type Table, type ThroughputSample } from './throughput.js';

const usage = `npm run bench -- rebuild [--rounds 5] [--events 500000] [--connections 2] [--seconds 10] [--rate N]
  [--live-delay 50] [--memory-events 3000000] [--memory-of fold,all] [--only throughput,latency,memory]

  throughput  a rebuild beside COPY of ready rows into the same indexed table, at the same number of connections
  latency     event to row with all read models, without and during a rebuild, in turns, at half load: --rate events a
              second, or half of what is applied while as much as goes is sent; --live-delay is what the projector takes
              as CHORDA_REBUILD_LIVE_DELAY_MS, 0 for a rebuild that does not give way
  memory      resident memory of the projector by events done, live and in a rebuild, unique keys

Starts servers of its own, and writes settings and raw samples to bench/results/.`;

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    events: { type: 'string', default: '500000' },
    connections: { type: 'string', default: '2' },
    seconds: { type: 'string', default: '10' },
    rate: { type: 'string' },
    'live-delay': { type: 'string', default: '50' },
    'memory-events': { type: 'string', default: '3000000' },
    'memory-of': { type: 'string', default: 'fold,all' },
    only: { type: 'string', default: 'throughput,latency,memory' },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  console.log(usage);
  process.exit(0);
}
const wanted = new Set(values.only.split(','));
const [rounds, events] = [Number(values.rounds), Number(values.events)];
const throughput: ThroughputSample[] = [];
const latency: LatencySample[] = [];
const memory: MemorySample[] = [];
const stack = await startStack();
try {
  const setting: Setting = {
    stack,
    folder: mkdtempSync(join(tmpdir(), 'chorda-bench-')),
    connections: Number(values.connections),
    liveDelayMs: Number(values['live-delay']),
    progress: (line) => console.log(`${new Date().toISOString().slice(11, 19)} ${line}`),
  };
  if (wanted.has('throughput')) {
    const log = await fillLog(setting, events);
    for (const table of ['journal', 'fold'] as const)
      throughput.push(...(await rebuildThroughput(setting, log, table, { events, rounds })));
  }
  if (wanted.has('latency')) {
    // Of its own: the rounds add to it.
    const log = await fillLog(setting, events);
    const rate = values.rate === undefined ? undefined : Number(values.rate);
    // An eighth of the live connections, as the default is: what a rebuild takes while others read.
    const given = { events, rounds, seconds: Number(values.seconds), rate };
    latency.push(...(await liveLatency({ ...setting, connections: 1 }, log, given)));
  }
  if (wanted.has('memory')) {
    const memoryEvents = Number(values['memory-events']);
    const log = await fillLog(setting, memoryEvents);
    for (const projections of ['fold', 'journal', 'all'] as const) {
      if (values['memory-of'].split(',').includes(projections))
        memory.push(...(await memoryOf(setting, log, projections, memoryEvents)));
    }
  }
} finally {
  await stack.stop();
  report();
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
  const file = new URL(`rebuild-${new Date().toISOString().replaceAll(':', '-')}.json`, folder);
  writeFileSync(file, JSON.stringify({ machine, settings: values, throughput, latency, memory }, undefined, 2));
  const lines = [...throughputLines(), ...latencyLines(), ...memoryLines()];
  console.log(`\n${lines.join('\n')}\n\nRaw samples and settings: ${file.pathname}`);
}

function throughputLines(): readonly string[] {
  if (throughput.length === 0) return [];
  const of = (table: Table, how: ThroughputSample['how']) =>
    throughput.filter((sample) => sample.table === table && sample.how === how);
  const lines = (['journal', 'fold'] as const).flatMap((table) => {
    const copies = of(table, 'COPY');
    const ratios = of(table, 'rebuild').flatMap(({ round, eventsPerSecond }) => {
      const copy = copies.find((sample) => sample.round === round);
      return copy === undefined ? [] : [eventsPerSecond / copy.eventsPerSecond];
    });
    return (['rebuild', 'COPY'] as const).map((how) => {
      const rates = of(table, how).map(({ eventsPerSecond }) => eventsPerSecond);
      const cpu = of(table, how).map((sample) => sample.cpu.own + sample.cpu.postgres + sample.cpu.kafka);
      const ratio = how === 'COPY' ? '1' : median(ratios).toFixed(2);
      const range = `${figure(Math.min(...rates))} – ${figure(Math.max(...rates))}`;
      return `| ${table} | ${how} | ${figure(median(rates))} (${range}) | ${median(cpu).toFixed(1)} | ${ratio} |`;
    });
  });
  return [
    '| table | how | events/s | CPU s per million, together | against COPY |',
    '| --- | --- | ---: | ---: | ---: |',
    ...lines,
  ];
}

function latencyLines(): readonly string[] {
  if (latency.length === 0) return [];
  const p99 = (during: LatencySample['during']) =>
    latency.filter((sample) => sample.during === during).map(({ p99Ms }) => p99Ms);
  const p50 = (during: LatencySample['during']) =>
    latency.filter((sample) => sample.during === during).map(({ p50Ms }) => p50Ms);
  const rows = (['nothing else', 'a rebuild'] as const).map(
    (during) => `| ${during} | ${figure(median(p50(during)))} ms | ${figure(median(p99(during)))} ms |`,
  );
  const ratio = median(p99('a rebuild')) / median(p99('nothing else'));
  return [
    '',
    `Event to row at ${latency[0]?.eventsPerSecond} events/s, during:`,
    '',
    '| during | p50 | p99 |',
    '| --- | ---: | ---: |',
    ...rows,
    '',
    `p99 during a rebuild: ${ratio.toFixed(2)} times.`,
  ];
}

function memoryLines(): readonly string[] {
  if (memory.length === 0) return [];
  return [
    '',
    'Resident memory per million events after the first million:',
    '',
    ...memory.map(({ what, slope }) => `- ${what}: ${slope === undefined ? 'too short' : `${slope.toFixed(2)} MiB`}`),
  ];
}
