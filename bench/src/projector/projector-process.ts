// The projector app as it is, with the projections that the benchmark names: a process of its own.
import { runAsProcess } from '@chorda/platform';
import { DayPartitions, journalProjection, startProjector, type Projection } from '@chorda/projector';
import { foldProjection, insertProjection } from './tables.js';

const projectionsByName: Readonly<Record<string, () => readonly Projection[] | undefined>> = {
  insert: () => [insertProjection],
  fold: () => [foldProjection],
  journal: () => [journalProjection(new DayPartitions('journal_v1', Infinity))],
  /** What `npm start` runs. */
  all: () => undefined,
};

const wanted = process.env['BENCH_PROJECTIONS'] ?? '';
const projections = projectionsByName[wanted];
if (projections === undefined) throw new Error(`BENCH_PROJECTIONS is ${wanted}`);
await runAsProcess('projector', (env, host) => startProjector(env, host, projections()));
