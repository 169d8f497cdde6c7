import type { Message } from '@chorda/messaging';
import { createPool, migrate } from '@chorda/read-models';
import { freshDatabase } from '@chorda/testing';
import type pg from 'pg';
import { allProjections } from '../projections.js';
import type { Projection } from '../runner/projection.js';
import { batchOf, startRunner } from '../runner/runner-harness.spec.js';
import { differencesOf, hashTable, readTable } from './read-table.js';

/** All of them in their newest version, as a fresh database serves them, with nothing past its retention. */
export function everyProjection(): readonly Projection[] {
  const all = allProjections({ journalDays: Infinity, healthDays: Infinity, ratesDays: Infinity });
  return all.filter(({ name, version }) => !all.some((other) => other.name === name && other.version > version));
}

/** Rows that a comparison shows of a table. */
const linesMax = 10;
const batchRecordsMax = 500;

/**
 * Makes every read model anew from offset 0 of this log, in fresh tables through the same projections, and compares the
 * tables by hash.
 *
 * @returns Nothing where they are equal; else what differs, table by table.
 */
export async function rebuildDifferences(
  live: pg.Pool,
  server: { readonly databaseUrl: string },
  log: readonly Message[],
  projections: readonly Projection[] = everyProjection(),
): Promise<readonly string[]> {
  const database = await freshDatabase(server);
  const pool = createPool(database.url, { connectionsMax: 2 });
  try {
    await migrate(database.url);
    await applyWhole(database.url, log, projections);
    const differences: string[] = [];
    for (const { table } of projections) {
      const [mine, rebuilt] = [await hashTable(live, table), await hashTable(pool, table)];
      if (mine === rebuilt) continue;
      const lines = differencesOf(table, await readTable(pool, table), await readTable(live, table));
      differences.push(`${table.name} has hash ${mine}, its rebuild ${rebuilt}`, ...lines.slice(0, linesMax));
    }
    return differences;
  } finally {
    await pool.end();
    await database.drop();
  }
}

async function applyWhole(databaseUrl: string, log: readonly Message[], projections: readonly Projection[]) {
  const partitions = Map.groupBy(log, ({ record }) => `${record.topic}/${record.partition}`);
  const { runner, close } = await startRunner(databaseUrl, { owner: 'rebuild', projections });
  try {
    for (const messages of partitions.values()) {
      if (messages[0]) await runner.claim(messages[0].record);
      for (let from = 0; from < messages.length; from += batchRecordsMax) {
        await runner.handleBatch(batchOf(messages.slice(from, from + batchRecordsMax)));
      }
    }
  } finally {
    await close();
  }
}
