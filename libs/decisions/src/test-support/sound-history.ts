import { expect } from 'vitest';
import type { LogEvent, TillGround } from './till-ground.js';

/**
 * Holds the log against what every guarantee says of it: first occurrences in the order of the partition sequence, each
 * version once and none left out, repeats with the very bytes of the first, and the tables equal to it.
 *
 * @returns First occurrences, and how many repeats there were.
 */
export async function expectSoundHistory(
  ground: TillGround,
): Promise<{ readonly first: readonly LogEvent[]; readonly repeats: number }> {
  await untilPublished(ground);
  const log = await ground.log();
  const first = new Map<string, LogEvent>();
  const versions = new Map<string, bigint>();
  const sequences = new Map<number, bigint>();
  let repeats = 0;
  for (const event of log) {
    const before = first.get(event.id);
    if (before) {
      repeats++;
      expect(bytesOf(event)).toEqual(bytesOf(before));
      continue;
    }
    first.set(event.id, event);
    const { partition } = event.record;
    expect(event.seq).toBeGreaterThan(sequences.get(partition) ?? 0n);
    sequences.set(partition, event.seq ?? 0n);
    if (event.version === undefined) continue;
    expect(`${event.stream} ${event.version}`).toBe(`${event.stream} ${(versions.get(event.stream) ?? 0n) + 1n}`);
    versions.set(event.stream, event.version);
  }
  await expectTables(ground, versions);
  return { first: [...first.values()], repeats };
}

/** What is committed is on its way for a moment. */
async function untilPublished({ pool }: TillGround): Promise<void> {
  const waiting = 'SELECT FROM decision_partitions WHERE published_seq < next_partition_seq - 1';
  await expect.poll(async () => (await pool.query(waiting)).rowCount, { timeout: 20_000 }).toBe(0);
}

function bytesOf({ record, body }: LogEvent): unknown {
  const headers = Object.entries(record.headers).map(([name, value]) => [name, String(value)]);
  return { body, headers: Object.fromEntries(headers) };
}

async function expectTables({ pool }: TillGround, versions: ReadonlyMap<string, bigint>): Promise<void> {
  const { rows } = await pool.query<{ stream: string; version: string; events: string }>(
    `SELECT s.tenant_id || '/' || CASE s.stream_kind WHEN 'till' THEN '' ELSE s.stream_kind || '-' END || s.stream_id
         AS stream, s.version, count(e.version) AS events
     FROM decision_streams s JOIN decision_events e USING (tenant_id, kind, stream_kind, stream_id)
     GROUP BY s.tenant_id, s.stream_kind, s.stream_id, s.version`,
  );
  const inTables = new Map(rows.map(({ stream, version }) => [stream, BigInt(version)]));
  expect(inTables).toEqual(versions);
  for (const { version, events } of rows) expect(events).toBe(version);
}
