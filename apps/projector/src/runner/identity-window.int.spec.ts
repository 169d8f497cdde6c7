import type { Message } from '@chorda/messaging';
import { createPool, migrate } from '@chorda/read-models';
import { freshDatabase, type FreshDatabase } from '@chorda/testing';
import type pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { identityWindowMs, pruneIdentities, withoutRepeats } from './event-identities.js';
import { IdentityWindow } from './identity-window.js';
import { message, systemEvents } from './runner-harness.spec.js';

/** Guarantee 2, for events whose ids carry their time: what the owner's memory says, its blocks and table say too. */
describe('an event with a UUIDv7 is found again', () => {
  let database: FreshDatabase;
  let pool: pg.Pool;
  let window: IdentityWindow;
  const nowMs = Date.now();

  beforeAll(async () => {
    database = await freshDatabase(inject('stack'));
    await migrate(database.url);
    pool = createPool(database.url, { applicationName: 'spec', connectionsMax: 4 });
  });

  afterAll(async () => {
    await pool.end();
    await database.drop();
  });

  beforeEach(async () => {
    await pool.query('TRUNCATE event_identities, event_identity_blocks, event_identity_heads, event_repeats');
    window = new IdentityWindow(systemEvents);
  });

  /** Offsets of those that are no repeats, in a transaction of their own. */
  async function firstOf(
    messages: readonly Message[],
    use: IdentityWindow | undefined = window,
    end = 'COMMIT',
  ): Promise<readonly number[]> {
    const tx = await pool.connect();
    try {
      await tx.query('BEGIN');
      const { first } = await withoutRepeats(tx, [{ messages, window: use }]);
      await tx.query(end);
      return first.map(({ origin }) => Number(origin.offset));
    } finally {
      tx.release();
    }
  }

  const one = (offset: number, id: string, recordTimeMs = nowMs + offset) => message({ offset, id, recordTimeMs });

  it('in memory, without a row of its own in the table', async () => {
    expect(await firstOf([one(0, idAt(nowMs, 1)), one(1, idAt(nowMs, 2)), one(2, idAt(nowMs, 1))])).toEqual([0, 1]);
    expect(await firstOf([one(3, idAt(nowMs, 2)), one(4, idAt(nowMs, 3))])).toEqual([4]);
    expect(await count('event_identities')).toBe(0);
    expect(await count('event_identity_blocks')).toBe(2);
    const { rows } = await pool.query('SELECT "offset", first_offset FROM event_repeats ORDER BY 1');
    expect(rows).toEqual([
      { offset: '2', first_offset: '0' },
      { offset: '3', first_offset: '1' },
    ]);
  });

  it('by the next owner, which has nothing in memory', async () => {
    await firstOf([one(0, idAt(nowMs, 1)), one(1, idAt(nowMs, 2))]);
    const next = new IdentityWindow(systemEvents);
    expect(await firstOf([one(0, idAt(nowMs, 1)), one(2, idAt(nowMs, 1)), one(3, idAt(nowMs, 3))], next)).toEqual([
      0, 3,
    ]);
  });

  it('by an owner that does not know that another has written since: it reads anew', async () => {
    await firstOf([one(0, idAt(nowMs, 1))]);
    await firstOf([one(1, idAt(nowMs, 2))], new IdentityWindow(systemEvents));
    expect(await firstOf([one(2, idAt(nowMs, 2)), one(3, idAt(nowMs, 3))])).toEqual([3]);
  });

  it('and is new where the transaction that brought it was rolled back', async () => {
    expect(await firstOf([one(0, idAt(nowMs, 1))], window, 'ROLLBACK')).toEqual([0]);
    window.doubt();
    expect(await firstOf([one(0, idAt(nowMs, 1))])).toEqual([0]);
    expect(await firstOf([one(1, idAt(nowMs, 1))], new IdentityWindow(systemEvents))).toEqual([]);
  });

  it('and is new where the database was put back to a time before it', async () => {
    await firstOf([one(0, idAt(nowMs, 1))]);
    await pool.query('TRUNCATE event_identity_blocks, event_identity_heads');
    expect(await firstOf([one(0, idAt(nowMs, 1)), one(1, idAt(nowMs, 2))], new IdentityWindow(systemEvents))).toEqual([
      0, 1,
    ]);
  });

  it('when memory has forgotten it, in the block of its time', async () => {
    const small = new IdentityWindow(systemEvents, 10);
    for (let batch = 0; batch < 10; batch++) {
      const offsets = Array.from({ length: 10 }, (_, index) => batch * 10 + index);
      expect(
        await firstOf(
          offsets.map((offset) => at(offset, nowMs + offset * 10_000)),
          small,
        ),
      ).toEqual(offsets);
    }
    const again = [3, 4, 50].map((offset, index) =>
      one(100 + index, idAt(nowMs + offset * 10_000, offset), nowMs + 1e6),
    );
    expect(await firstOf([...again, at(103, nowMs + 1_030_000)], small)).toEqual([103]);
  });

  it('when its id is older than its record by more than a block answers for', async () => {
    const [late, later] = [idAt(nowMs - 3_600_000, 1), idAt(nowMs - 7_200_000, 2)];
    expect(await firstOf([one(0, late), one(1, later)])).toEqual([0, 1]);
    expect(await count('event_identities')).toBe(0 + 2);
    const small = new IdentityWindow(systemEvents, 2);
    await firstOf(
      Array.from({ length: 20 }, (_, index) => at(10 + index, nowMs + 600_000 + index)),
      small,
    );
    expect(await firstOf([one(40, late, nowMs + 700_000), one(41, later, nowMs + 700_000)], small)).toEqual([]);
  });

  it('when it came from a clock that was ahead, also when time has caught up with it', async () => {
    const ahead = idAt(nowMs + 3_600_000, 1);
    const small = new IdentityWindow(systemEvents, 2);
    expect(await firstOf([one(0, ahead)], small)).toEqual([0]);
    await firstOf(
      Array.from({ length: 20 }, (_, index) => at(1 + index, nowMs + 3_000_000 + index)),
      small,
    );
    expect(await firstOf([one(30, ahead, nowMs + 3_600_100)], small)).toEqual([]);
    expect(await firstOf([one(31, ahead, nowMs + 3_600_200)], new IdentityWindow(systemEvents, 2))).toEqual([]);
  });

  it('when its clock was a little ahead, which is the time of its record to a block', async () => {
    const id = idAt(nowMs + 1_900, 1);
    const small = new IdentityWindow(systemEvents, 2);
    await firstOf([one(0, id)], small);
    await firstOf(
      Array.from({ length: 20 }, (_, index) => at(1 + index, nowMs + index)),
      small,
    );
    expect(await count('event_identities')).toBe(0);
    expect(await firstOf([one(30, id)], small)).toEqual([]);
  });

  it('when a redrive brought it first, or brings it after', async () => {
    await firstOf([one(0, idAt(nowMs, 1))]);
    const redriven = [
      message({ offset: 0, id: idAt(nowMs, 1), redrivenAt: 0 }),
      message({ offset: 7, id: idAt(nowMs, 2), redrivenAt: 1 }),
    ];
    expect(await firstOf(redriven, undefined)).toEqual([7]);
    // The owner's window does not know of it, and must.
    expect(await firstOf([one(8, idAt(nowMs, 2)), one(9, idAt(nowMs, 3))])).toEqual([9]);
    expect(await firstOf([message({ offset: 9, id: idAt(nowMs, 3), redrivenAt: 2 })], undefined)).toEqual([]);
  });

  it('and past 30 days is another event', async () => {
    const id = idAt(nowMs, 1);
    expect(await firstOf([one(0, id, nowMs)])).toEqual([0]);
    expect(await firstOf([one(1, id, nowMs + identityWindowMs)])).toEqual([]);
    expect(await firstOf([one(2, id, nowMs + identityWindowMs + 1)])).toEqual([2]);
    expect(await firstOf([one(3, id, nowMs + identityWindowMs + 2)], new IdentityWindow(systemEvents))).toEqual([]);
  });

  it('and past 30 days its block is pruned', async () => {
    await firstOf([at(0, nowMs), at(1, nowMs + 1)]);
    expect(await pruneIdentities(pool, nowMs + identityWindowMs)).toBe(0);
    expect(await pruneIdentities(pool, nowMs + identityWindowMs + 2)).toBe(2);
    expect(await count('event_identity_blocks')).toBe(0);
  });

  it.each([
    // So small that what an owner remembers, and where that ends, decides most of them.
    { clocks: 'sound', stepMs: 1_500, wild: 0 },
    { clocks: 'any', stepMs: 100_000, wild: 0.2 },
  ])('by chance, as a set of all ids would say: any order, any owner, $clocks clocks', async ({ stepMs, wild }) => {
    const random = numbersFrom(20_261_121);
    const seen = new Map<string, number>();
    const ids: string[] = [];
    let own = new IdentityWindow(systemEvents, 16);
    let timeMs = nowMs;
    for (let offset = 0; offset < 1_500;) {
      const batch: Message[] = [];
      const expected: number[] = [];
      for (const end = offset + 1 + Math.floor(random() * 30); offset < end; offset++) {
        timeMs += Math.floor(random() ** 4 * stepMs);
        const isRepeat = ids.length > 0 && random() < 0.3;
        const skewMs = random() < wild ? (random() - 0.5) * 8 * 3_600_000 : (random() - 0.9) * 20_000;
        const back = Math.floor(random() ** 3 * ids.length);
        const id = isRepeat ? (ids[ids.length - 1 - back] ?? '') : idAt(timeMs + skewMs, offset);
        if (!seen.has(id)) expected.push(offset);
        if (!seen.has(id)) seen.set(id, offset);
        ids.push(id);
        batch.push(message({ offset, id, recordTimeMs: timeMs }));
      }
      if (random() < 0.2) own = new IdentityWindow(systemEvents, 16);
      expect(await firstOf(batch, own)).toEqual(expected);
      // Read again, as a projection that is behind does.
      if (random() < 0.2) expect(await firstOf(batch, own)).toEqual(expected);
    }
  });

  function at(offset: number, recordTimeMs: number): Message {
    return message({ offset, id: idAt(recordTimeMs, offset), recordTimeMs });
  }

  async function count(table: string): Promise<number> {
    const { rows } = await pool.query<{ count: number }>(`SELECT count(*)::int AS count FROM ${table}`);
    return rows[0]?.count ?? -1;
  }
});

/** A UUIDv7 of that time. */
function idAt(timeMs: number, sequence: number): string {
  const time = Math.floor(timeMs).toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7000-8000-${sequence.toString(16).padStart(12, '0')}`;
}

/** The same numbers in every run (mulberry32). */
function numbersFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
