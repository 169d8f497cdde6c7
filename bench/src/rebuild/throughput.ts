import { pipeline } from 'node:stream/promises';
import { Readable } from 'node:stream';
import { createPool, migrate } from '@chorda/read-models';
import { freshDatabase } from '@chorda/testing';
import type pg from 'pg';
import { from as copyFrom, to as copyTo } from 'pg-copy-streams';
import type { Run } from '../projector/follow.js';
import { postgresSeconds } from '../projector/processors.js';
import { tableStatement } from '../projector/tables.js';
import {
  beginRebuild,
  cancelRebuild,
  rebuilt,
  startLive,
  todaysDays,
  type LiveProjector,
  type Setting,
} from './ground.js';

export type Table = keyof typeof rebuilt;

export interface ThroughputSample extends Run {
  readonly table: Table;
  readonly how: 'rebuild' | 'COPY';
  readonly round: number;
}

/**
 * A rebuild from the log beside COPY of the same ready rows into the same indexed table, in turns, at the same number of
 * connections. COPY reads no log, decodes nothing, and keeps no checkpoint.
 */
export async function rebuildThroughput(
  setting: Setting,
  topicPrefix: string,
  table: Table,
  { events, rounds }: { readonly events: number; readonly rounds: number },
): Promise<readonly ThroughputSample[]> {
  const live = await startLive(setting, topicPrefix, table);
  const samples: ThroughputSample[] = [];
  try {
    await live.follow(() => live.appliedBy(rebuilt[table].projection, 1), { warmUp: 0, total: events });
    const parts = await readyRows(live.pool, rebuilt[table].table, setting.connections);
    for (let round = 0; round <= rounds; round += 1) {
      const turns = [
        ['rebuild', () => oneRebuild(live, table, events)],
        ['COPY', () => copyRows(setting, table, parts, events)],
      ] as const;
      for (const [how, run] of round % 2 === 0 ? turns : turns.toReversed()) {
        const measured = await run();
        // The first round warms up.
        if (round > 0) samples.push({ table, how, round, ...measured });
        const { own, postgres, kafka } = measured.cpu;
        const cpu = [own, postgres, kafka].map((seconds) => seconds.toFixed(1)).join(' + ');
        setting.progress(
          `${table}: ${round === 0 ? 'warm-up' : `round ${round}/${rounds}`}, ${how}: ${Math.round(measured.eventsPerSecond)} events/s, ${cpu} CPU s per million`,
        );
      }
    }
  } finally {
    await live.stop();
  }
  return samples;
}

async function oneRebuild(live: LiveProjector, table: Table, events: number): Promise<Run> {
  const { projection } = rebuilt[table];
  const version = await beginRebuild(live, projection);
  try {
    return await live.follow(() => live.appliedBy(projection, version), { warmUp: 0, total: events });
  } finally {
    await cancelRebuild(live, projection);
  }
}

/** The rows of the live table in COPY's binary form, in as many parts as there are connections. */
async function readyRows(pool: pg.Pool, table: string, count: number): Promise<readonly Buffer[]> {
  const parts: Buffer[] = [];
  const client = await pool.connect();
  for (let part = 0; part < count; part += 1) {
    const chunks: Buffer[] = [];
    const rows = `SELECT * FROM ${table} t WHERE (hashtext(t::text) & 2147483647) % ${count} = ${part}`;
    await client.query(`SET statement_timeout = 0`);
    for await (const chunk of client.query(copyTo(`COPY (${rows}) TO STDOUT (FORMAT binary)`)))
      chunks.push(chunk as Buffer);
    parts.push(Buffer.concat(chunks));
  }
  client.release(true);
  return parts;
}

async function copyRows(setting: Setting, table: Table, parts: readonly Buffer[], events: number): Promise<Run> {
  const { stack } = setting;
  const database = await freshDatabase(stack);
  await migrate(database.url);
  const options = { applicationName: 'bench', connectionsMax: parts.length, statementTimeoutMs: 600_000 };
  const pool = createPool(database.url, options);
  try {
    if (table === 'fold') await pool.query(tableStatement(rebuilt.fold.table, 'agent_id'));
    else await todaysDays(pool);
    const before = { atMs: performance.now(), own: process.cpuUsage(), postgres: postgresSeconds(stack) };
    await Promise.all(parts.map((rows) => copyPart(pool, rebuilt[table].table, rows)));
    const seconds = (performance.now() - before.atMs) / 1_000;
    const own = process.cpuUsage(before.own);
    const perMillion = (value: number) => (value / events) * 1e6;
    const cpu = {
      own: perMillion((own.user + own.system) / 1e6),
      postgres: perMillion(postgresSeconds(stack) - before.postgres),
      kafka: 0,
    };
    return { events, eventsPerSecond: events / seconds, cpu, memory: [] };
  } finally {
    await pool.end();
    await database.drop();
  }
}

async function copyPart(pool: pg.Pool, table: string, rows: Buffer): Promise<void> {
  const client = await pool.connect();
  const chunkBytes = 64 * 1024;
  const chunks = function* () {
    for (let at = 0; at < rows.length; at += chunkBytes) yield rows.subarray(at, at + chunkBytes);
  };
  await pipeline(Readable.from(chunks()), client.query(copyFrom(`COPY ${table} FROM STDIN (FORMAT binary)`)));
  client.release();
}
