import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, totalmem } from 'node:os';
import { parseArgs } from 'node:util';
import {
  agentsList,
  createPool,
  deadLettersList,
  executionsList,
  journalList,
  migrate,
  runsList,
  stepsList,
  tasksList,
  type ListDefinition,
} from '@chorda/read-models';
import { freshDatabase, startStack } from '@chorda/testing';
import { fill } from './fill.js';
import { measure, measureApart, queriesOf, type Asking, type Figures } from './measure.js';

const usage = `npm run bench -- queries [--rows 10000000 --clients 16 --seconds 2 --only events,agents]

Fills a journal of so many rows and the other read models with a twentieth of it each, 50 tenants of Zipf size, and asks
every list by every sort and filter, on its first page and on page 1,000, through the engine and under row-level security.
Then the first page of journal and executions in turns with the same statements waited for one by one.
Writes figures and plans to bench/results/.`;

const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: '10000000' },
    clients: { type: 'string', default: '16' },
    seconds: { type: 'string', default: '2' },
    only: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  console.log(usage);
  process.exit(0);
}
const rows = Number(values.rows);
const clients = Number(values.clients);
const seconds = Number(values.seconds);
const progress = (line: string) => console.log(`${new Date().toISOString().slice(11, 19)} ${line}`);
const wanted = values.only?.split(',');
const lists: readonly ListDefinition[] = [
  journalList,
  agentsList,
  executionsList,
  runsList,
  stepsList,
  tasksList,
  deadLettersList,
].filter(({ name }) => wanted?.includes(name) ?? true);

const stack = await startStack({ servers: ['postgres'] });
const figures: Figures[] = [];
const turns: (Figures & { readonly how: string; readonly round: number })[] = [];
try {
  const database = await freshDatabase(stack);
  await migrate(database.url);
  const filling = createPool(database.url, { statementTimeoutMs: 3_600_000, connectionsMax: 1 });
  for (const definition of lists) {
    const count = definition === journalList ? rows : Math.ceil(rows / 20);
    progress(`filling ${definition.name} with ${count} rows`);
    await fill(filling, definition, count);
  }
  const { rows: sizes } = await filling.query<{ size: string }>(
    'SELECT pg_size_pretty(pg_database_size(current_database())) AS size',
  );
  progress(`the database has ${sizes[0]?.size}`);
  // What the filling left to be written would be written while pages are measured.
  await filling.query('CHECKPOINT');
  await filling.end();
  const pool = createPool(database.url, { connectionsMax: clients, statementTimeoutMs: 60_000 });
  const asking: Asking = { stack, pool, clients, seconds };
  console.log('\n| list | asked | page | p50 ms | p99 ms | per second | CPU µs: clients | Postgres |');
  console.log('| --- | --- | --- | ---: | ---: | ---: | ---: | ---: |');
  for (const definition of lists) {
    for (const query of await queriesOf(pool, definition)) {
      const found = await measure(asking, query);
      figures.push(found);
      console.log(lineOf(found, found.page));
    }
  }
  await inTurns(asking);
  await pool.end();
  await database.drop();
} finally {
  await stack.stop();
}
report();

/** Alternately, so that a slow minute of a shared machine is both's. */
async function inTurns(asking: Asking): Promise<void> {
  console.log('');
  for (const definition of lists.filter((each) => each === journalList || each === executionsList)) {
    const [query] = await queriesOf(asking.pool, definition);
    if (query === undefined) continue;
    for (let round = 1; round <= 5; round += 1) {
      for (const [how, measured] of [
        ['one round trip', measure],
        ['statements apart', measureApart],
      ] as const) {
        const found = await measured(asking, query);
        turns.push({ ...found, how, round });
        console.log(lineOf(found, `first, ${how}`));
      }
    }
  }
}

function lineOf({ list, what, p50Ms, p99Ms, perSecond, cpuUs }: Figures, page: string): string {
  const rates = [perSecond, cpuUs.own, cpuUs.postgres].map((value) => Math.round(value));
  return `| ${[list, what, page, p50Ms.toFixed(2), p99Ms.toFixed(2), ...rates].join(' | ')} |`;
}

function report(): void {
  const machine = { cores: availableParallelism(), model: cpus()[0]?.model, memoryBytes: totalmem() };
  const folder = new URL('../../results/', import.meta.url);
  mkdirSync(folder, { recursive: true });
  const file = new URL(`queries-${new Date().toISOString().replaceAll(':', '-')}.json`, folder);
  writeFileSync(
    file,
    JSON.stringify({ machine, rows, clients, seconds, node: process.version, figures, turns }, undefined, 2),
  );
  const slow = figures.filter(({ p99Ms }) => p99Ms >= 10).length;
  console.log(`\n${figures.length} queries, ${slow} of them with a p99 of 10 ms or more. Plans: ${file.pathname}`);
}
