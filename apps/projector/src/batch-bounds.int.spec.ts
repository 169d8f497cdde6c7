import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { ProjectorGround } from './test-support/ground.js';

const kibibyte = 1024;

/** Guarantee 12: a transaction of the projector is bounded by records, by bytes, and waits for no more than it may. */
describe('a batch of the projector', () => {
  let ground: ProjectorGround;

  beforeAll(async () => {
    ground = await ProjectorGround.open(inject('stack'));
  });

  afterEach(() => ground.endProjectors());
  afterAll(() => ground?.close());

  /** Rows of the journal by the transaction that wrote them: what Postgres knows, and not what the projector says. */
  async function transactionsOf(agent: string): Promise<readonly number[]> {
    await ground.untilApplied();
    const { rows } = await ground.pool.query<{ rows: number }>(
      `SELECT count(*)::int AS rows FROM journal_v1 WHERE subject = $1 GROUP BY xmin ORDER BY min("offset")`,
      [agent],
    );
    return rows.map((row) => row.rows);
  }

  it('has at most so many records', async () => {
    await ground.send(50, { agent: 'records' });
    await ground.startApp('records', { CHORDA_PROJECTOR_BATCH_RECORDS: '7' });
    const sizes = await transactionsOf('records');
    expect(Math.max(...sizes)).toBe(7);
    expect(sizes.reduce((sum, size) => sum + size)).toBe(50);
  });

  it('has at most so many bytes, and a larger record goes alone', async () => {
    const bytes = { CHORDA_PROJECTOR_BATCH_RECORDS: '1000', CHORDA_PROJECTOR_BATCH_BYTES: String(64 * kibibyte) };
    await ground.send(9, { agent: 'bytes', answer: 'x'.repeat(20 * kibibyte) });
    await ground.send(1, { agent: 'bytes', answer: 'x'.repeat(200 * kibibyte) });
    await ground.send(3, { agent: 'bytes' });
    await ground.startApp('bytes', bytes);
    const sizes = await transactionsOf('bytes');
    expect(Math.max(...sizes)).toBe(3);
    expect(sizes).toEqual([3, 3, 3, 1, 3]);
  });

  it('waits for more as long as it may, and no longer: what comes one by one is written together', async () => {
    await ground.startApp('time', { CHORDA_PROJECTOR_BATCH_RECORDS: '1000', CHORDA_PROJECTOR_BATCH_WAIT_MS: '1000' });
    await ground.send(1, { agent: 'warm' });
    await ground.untilApplied();
    for (let index = 0; index < 10; index++) await ground.send(1, { agent: 'time' });
    // Nothing more comes: the last batch is written all the same.
    const sizes = await transactionsOf('time');
    expect(sizes.length).toBeLessThan(10);
    expect(Math.max(...sizes)).toBeGreaterThan(1);
  });
});
