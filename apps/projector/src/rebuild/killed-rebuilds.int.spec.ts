import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { areSame, prepareRebuildGround, RestlessReader, type RebuildGround } from './rebuild-ground.spec.js';

/** Each waits for the session of who was killed to end: half of them in every run, all of them in the soak. */
const kills = [
  ['agents', 'rebuild-before-commit:9'],
  ['journal', 'rebuild-after-commit:10'],
  ['executions', 'rebuild-before-swap:1'],
  ['journal', 'rebuild-before-rows:4'],
  ['agents', 'rebuild-after-commit:10'],
  ['journal', 'rebuild-after-swap:1'],
] as const;
const isSoak = process.env['CHORDA_SOAK_FACTOR'] !== undefined;

/** Guarantee 8 with kills: the same projector process that serves the live tables is killed where it hurts. */
describe('a rebuild whose projector is killed', { timeout: 180_000 }, () => {
  let ground: RebuildGround;
  let folder: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'chorda-rebuild-'));
    ground = await prepareRebuildGround(inject('stack'));
    const first = ground.startProjector();
    await first.until('it runs', () => first.output().includes('"Started"'), 60_000);
    await ground.send(1_500);
    await ground.caughtUp();
    await ground.endProjectors();
  }, 120_000);

  afterEach(async () => ground.endProjectors());

  afterAll(async () => {
    await ground?.close();
    rmSync(folder, { recursive: true });
  });

  // The journal inserts, agents are counted and executions folded: each shows another trace of a batch applied twice.
  it.each(isSoak ? kills : kills.slice(0, 3))(
    'of %s, at %s, goes on where it stood, and holds the same rows',
    async (projection, point) => {
      const log = join(folder, `${projection}-${point.replace(':', '-')}`);
      await ground.rebuilds.request({ projection, swap: 'when_equal', requestedBy: 'spec' });
      await using reader = new RestlessReader(ground.pool, projection);
      const killed = ground.startProjector({ CHORDA_CRASH_AT: point, CHORDA_CRASH_LOG: log });
      const sending = ground.send(200);
      expect(await killed.ended, killed.output()).toEqual({ code: null, signal: 'SIGKILL' });
      expect(readFileSync(log, 'utf8')).toBe(`${point.split(':')[0]}\n`);
      await sending;
      const filledBefore = await filledOffsets();
      ground.startProjector();
      const swapped = await ground.until(projection, 'swapped');
      expect(swapped.report).toMatchObject({ by_row: true, equal: true });
      // What was filled is not filled again: its checkpoints never went back.
      expect(filledBefore).toBeLessThanOrEqual(await filledOffsets());
      await ground.send(100);
      await ground.caughtUp();
      await reader.end();
      expect(reader.faults).toEqual([]);
      await expect.poll(() => bothSame(projection), { timeout: 30_000 }).toBe(true);
      await ground.rebuilds.ask(projection, 'drop_old');
      await ground.until(projection, 'done');
    },
  );

  async function filledOffsets(): Promise<number> {
    const { rows } = await ground.pool.query<{ filled: number }>(
      `SELECT coalesce(sum(next_offset), 0)::int AS filled FROM checkpoints c
       JOIN projection_rebuilds r ON r.projection = c.projection AND r.to_version = c.version
       WHERE r.state NOT IN ('done', 'cancelled')`,
    );
    return rows[0]?.filled ?? 0;
  }

  /** The live table and the one that is kept: what was live before is gone when the rebuild before this one is done. */
  async function generationTables(projection: string): Promise<readonly string[]> {
    const { rows } = await ground.pool.query<{ name: string }>(
      `SELECT table_name AS name FROM projection_generations WHERE projection = $1 AND role = 'serving' ORDER BY 1`,
      [projection],
    );
    return rows.map(({ name }) => name);
  }

  async function bothSame(projection: string): Promise<boolean> {
    const [one, other] = await generationTables(projection);
    return one !== undefined && other !== undefined && areSame(ground.pool, one, other);
  }
});
