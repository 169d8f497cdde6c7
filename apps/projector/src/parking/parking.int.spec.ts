import { createPool, discardedOffsets, migrate, ParkedRepository, type ParkedSequence } from '@chorda/read-models';
import { redriveTopic, type Message, type SetAsideRecord } from '@chorda/messaging';
import { tenantId } from '@chorda/kernel';
import { freshDatabase, type FreshDatabase } from '@chorda/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { DayPartitions } from '../runner/day-partitions.js';
import { journalProjection } from '../journal/journal.projection.js';
import type { Projection } from '../runner/projection.js';
import { batchOf, startRunner, systemEvents, workflowEvents, type TestRunner } from '../runner/runner-harness.spec.js';
import type { ParkBounds } from './park-bounds.js';
import {
  createFoldedTable,
  emptyTables,
  fine,
  foldedProjection,
  parkedIn,
  paused,
  poison,
  readableAgain,
  refused,
  rowsOf,
  tableHash,
  undecodable,
} from './parking-harness.spec.js';

const tenant = tenantId('default');
const redrives = { topic: redriveTopic(systemEvents.topic, 'projector.read-models'), partition: 0 };

interface Options {
  readonly isMended?: boolean;
  readonly bounds?: Partial<ParkBounds>;
  readonly others?: readonly Projection[];
}

/** Guarantee 4: a poison event stops nobody else, and nothing of its aggregate overtakes it. */
describe('parking', () => {
  let database: FreshDatabase;
  let test: TestRunner;
  let parked: ParkedRepository;

  beforeAll(async () => {
    database = await freshDatabase(inject('stack'));
    await migrate(database.url);
    const pool = createPool(database.url);
    await createFoldedTable(pool);
    await pool.end();
  });

  beforeEach(async () => {
    test = await begin({});
    await emptyTables(test.pool);
    await claimAll();
  });

  afterEach(async () => {
    await test.close();
  });

  afterAll(async () => {
    await database.drop();
  });

  /** A projector with the journal beside the projection that may fail. Another one before it is closed. */
  async function begin({ bounds, others = [], ...options }: Options): Promise<TestRunner> {
    const journal = journalProjection(new DayPartitions('journal_v1', Infinity));
    const projections = [journal, foldedProjection(options), ...others];
    return startRunner(database.url, { projections, ...(bounds && { bounds }) });
  }

  async function start(options: Options): Promise<void> {
    await test.close();
    test = await begin(options);
    await claimAll();
  }

  async function claimAll(): Promise<void> {
    for (const place of [systemEvents, workflowEvents, redrives]) await test.runner.claim(place);
    parked = new ParkedRepository(test.pool);
  }

  async function apply(...messages: readonly Message[]): Promise<void> {
    await test.runner.handleBatch(batchOf(messages));
  }

  async function applyWith(setAside: readonly SetAsideRecord[], ...messages: readonly Message[]): Promise<void> {
    await test.runner.handleBatch(batchOf(messages, {}, setAside));
  }

  async function journal(): Promise<readonly number[]> {
    const { rows } = await test.pool.query<{ offset: string }>(
      'SELECT "offset" FROM journal_v1 ORDER BY topic, "offset"',
    );
    return rows.map(({ offset }) => Number(offset));
  }

  async function only(): Promise<ParkedSequence> {
    const { rows } = await test.pool.query<{ id: string }>('SELECT sequence_id AS id FROM parked_sequences');
    const found = await parked.find(tenant, 'folded', rows[0]?.id ?? '');
    if (!found || rows.length !== 1) throw new Error(`${rows.length} sequences are parked`);
    return found;
  }

  async function retry(): Promise<void> {
    await parked.requestRetry(tenant, 'folded', { fingerprint: undefined }, 'spec');
    await test.retryAll();
  }

  it('sets the event of a handler that throws aside, with all later ones of its aggregate, and nothing else', async () => {
    await apply(fine(0), fine(1, 'b'), poison(2), fine(3), fine(4, 'b'), fine(5));
    await apply(fine(6), fine(7, 'b'));
    expect(await rowsOf(test.pool)).toEqual({ 'default/a': '0', 'default/b': '1 4 7' });
    expect(await parkedIn(test.pool)).toEqual([
      {
        projection: 'folded',
        key: 'default/a',
        events: 4,
        reason: 'apply',
        message: 'No status for 2',
        offsets: [2, 3, 5, 6],
      },
    ]);
    // The journal can apply it, and goes on.
    expect(await journal()).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(test.parked).toEqual([{ projection: 'folded', key: 'default/a', offset: 2, reason: 'apply' }]);
  });

  it('keeps the bytes, the key and the headers as they were', async () => {
    const event = poison(0);
    await apply(event);
    const { sequenceId, errorClass, eventType } = await only();
    expect({ errorClass, eventType }).toEqual({ errorClass: 'TypeError', eventType: 'system.health_check' });
    const [kept] = await parked.events(tenant, sequenceId, 0, 10);
    expect(kept).toMatchObject({ offset: 0n, eventId: 'event-0', key: event.record.key, value: event.record.value });
    expect({ ...kept?.headers }).toEqual(event.record.headers);
  });

  it('finds the rows that Postgres refuses among many, and writes the others at once', async () => {
    const bad = new Set([17, 130, 131, 249]);
    const given = Array.from({ length: 250 }, (_, offset) =>
      bad.has(offset) ? refused(offset, `s${offset}`) : fine(offset, `s${offset % 7}`),
    );
    await apply(...given);
    const found = await parkedIn(test.pool);
    expect(found.map(({ offsets }) => offsets)).toEqual([[130], [131], [17], [249]]);
    expect(found.map(({ reason }) => reason)).toEqual(['data', 'data', 'data', 'data']);
    expect(await only().catch((error: Error) => error.message)).toBe('4 sequences are parked');
    const folded = Object.values(await rowsOf(test.pool)).flatMap((text) => text.split(' ').map(Number));
    expect(folded.sort((a, b) => a - b)).toEqual(given.map((_, offset) => offset).filter((offset) => !bad.has(offset)));
    // One cause, one line for who has to mend it.
    expect(await parked.groups(tenant, 'folded')).toMatchObject([{ reason: 'data', errorCode: '23514', sequences: 4 }]);
  });

  it('parks nothing where the database is away, or the table is not what the projection takes it to be', async () => {
    await test.pool.query('ALTER TABLE spec_folded RENAME TO elsewhere');
    await expect(apply(fine(0), poison(1))).rejects.toThrow('spec_folded');
    await test.pool.query('ALTER TABLE elsewhere RENAME TO spec_folded');
    expect(await parkedIn(test.pool)).toEqual([]);
    expect(await journal()).toEqual([]);
  });

  it('parks a record that cannot be decoded in its place, and remembers one without a readable key', async () => {
    await applyWith([undecodable(1), undecodable(2, null)], fine(0), fine(3), fine(4, 'b'));
    expect(await rowsOf(test.pool)).toEqual({ 'default/a': '0', 'default/b': '4' });
    expect(await parkedIn(test.pool)).toMatchObject([
      { projection: 'folded', key: 'default/a', reason: 'undecodable', offsets: [1, 3] },
      { projection: 'journal', key: 'default/a', reason: 'undecodable', offsets: [1, 3] },
    ]);
    const dead = await test.pool.query('SELECT topic, partition, "offset", reason FROM dead_lettered_records');
    expect(dead.rows).toEqual([{ ...systemEvents, offset: '2', reason: 'bad_magic' }]);
    await readableAgain(test.pool, fine(1));
    await retry();
    expect(await rowsOf(test.pool)).toMatchObject({ 'default/a': '0 1 3' });
  });

  it('queues what a redrive brings in the place where it stood', async () => {
    await applyWith([undecodable(1)], fine(0), fine(2));
    await apply(fine(1, 'a', { redrivenAt: 0 }));
    await readableAgain(test.pool, fine(1));
    await test.retryAll();
    expect(await parkedIn(test.pool)).toEqual([]);
    expect(await rowsOf(test.pool)).toEqual({ 'default/a': '0 1 2' });
    expect(await journal()).toEqual([0, 1, 2]);
    await apply(fine(1, 'a', { redrivenAt: 1 }), fine(5, 'a', { redrivenAt: 2 }));
    expect(await rowsOf(test.pool)).toEqual({ 'default/a': '0 1 2 5' });
  });

  it('has its owner learn of what a redrive parked: the next event of the aggregate waits behind it', async () => {
    await apply(fine(0));
    await apply(poison(1, 'a', { redrivenAt: 0 }));
    await apply(fine(2), fine(3, 'b'));
    expect(await rowsOf(test.pool)).toEqual({ 'default/a': '0', 'default/b': '3' });
    expect(await parkedIn(test.pool)).toMatchObject([{ key: 'default/a', offsets: [1, 2] }]);
  });

  it('keeps tenants and projections apart', async () => {
    await start({ others: [foldedProjection({ name: 'other', isMended: true })] });
    await apply(poison(0), fine(1), fine(2, 'a', { tenant: 'apart' }));
    expect((await parkedIn(test.pool)).map(({ projection, offsets }) => [projection, offsets])).toEqual([
      ['folded', [0, 1]],
    ]);
    const { sequenceId } = await only();
    expect(await parked.find(tenantId('apart'), 'folded', sequenceId)).toBeUndefined();
    expect(await parked.events(tenantId('apart'), sequenceId, 0, 10)).toEqual([]);
    expect(
      await parked.discard(tenantId('apart'), 'folded', sequenceId, { reason: 'not mine', by: 'x' }),
    ).toBeUndefined();
    expect(await parked.requestRetry(tenantId('apart'), 'folded', { sequenceId }, 'x')).toBe(0);
  });

  it('is remembered by whoever claims the partition next', async () => {
    await apply(poison(0));
    await start({});
    await apply(fine(1), fine(2, 'b'));
    expect(await rowsOf(test.pool)).toEqual({ 'default/b': '2' });
    expect(await parkedIn(test.pool)).toMatchObject([{ offsets: [0, 1] }]);
  });

  describe('settled', () => {
    it('by a retry with a mended projection gives the table of a run without a fault', async () => {
      const given = Array.from({ length: 700 }, (_, offset) =>
        offset === 100 || offset === 350 ? poison(offset, 'hot') : fine(offset, offset % 3 === 0 ? 'cold' : 'hot'),
      );
      const feed = async () => {
        for (let from = 0; from < given.length; from += 60) await apply(...given.slice(from, from + 60));
      };
      await feed();
      const [{ events } = { events: 0 }] = await parkedIn(test.pool);
      expect(events).toBeGreaterThan(350);
      await start({ isMended: true });
      await retry();
      expect(await parkedIn(test.pool)).toEqual([]);
      const afterRetry = await tableHash(test.pool);

      await test.pool.query('DELETE FROM spec_folded; DELETE FROM checkpoints; DELETE FROM journal_v1');
      await start({ isMended: true });
      await feed();
      expect(afterRetry).toBe(await tableHash(test.pool));
    });

    it('stops at the next event that fails, with its error, and keeps what follows in order', async () => {
      await apply(poison(0), fine(1), refused(2), fine(3));
      await start({ isMended: true });
      await retry();
      expect(await rowsOf(test.pool)).toEqual({ 'default/a': '0 1' });
      expect(await parkedIn(test.pool)).toMatchObject([{ events: 2, reason: 'data', offsets: [2, 3] }]);
      expect(await only()).toMatchObject({ retries: 1, errorCode: '23514', firstOffset: 2n });
      await apply(fine(4));
      expect(await parkedIn(test.pool)).toMatchObject([{ offsets: [2, 3, 4] }]);
    });

    it('lets the partition go on at once, and never before', async () => {
      await apply(poison(0));
      await retry();
      await apply(fine(1));
      expect(await rowsOf(test.pool)).toEqual({});
      await start({ isMended: true });
      await retry();
      await apply(fine(2));
      expect(await rowsOf(test.pool)).toEqual({ 'default/a': '0 1 2' });
    });

    it('is fenced: a projector that lost the partition changes nothing', async () => {
      await apply(poison(0), fine(1));
      const late = test;
      test = await startRunner(database.url, { projections: [foldedProjection({ isMended: true })] });
      await test.runner.claim(systemEvents);
      await parked.requestRetry(tenant, 'folded', { fingerprint: undefined }, 'spec');
      await late.retryAll();
      expect(await rowsOf(test.pool)).toEqual({});
      await test.retryAll();
      expect(await rowsOf(test.pool)).toEqual({ 'default/a': '0 1' });
      await late.close();
      parked = new ParkedRepository(test.pool);
    });

    it('by giving all of it up: a live projection and one that reads the log again leave it out', async () => {
      await apply(fine(0), poison(1), fine(2));
      const { sequenceId } = await only();
      const answer = await parked.discard(tenant, 'folded', sequenceId, { reason: 'a test sent it', by: 'key-1' });
      expect(answer).toMatchObject({
        left: 0,
        discard: { events: 2, firstOffset: 1n, lastOffset: 2n, discardedBy: 'key-1' },
      });
      await apply(fine(3));
      expect(await rowsOf(test.pool)).toEqual({ 'default/a': '0 3' });
      expect(await discardedOffsets(test.pool, 'folded', systemEvents)).toEqual(new Set([1n, 2n]));
      expect(await discardedOffsets(test.pool, 'journal', systemEvents)).toEqual(new Set());

      await test.pool.query('DELETE FROM spec_folded');
      const again = await startRunner(database.url, { projections: [foldedProjection({ version: 2 })] });
      await again.runner.claim(systemEvents);
      await again.runner.handleBatch(batchOf([fine(0), poison(1), fine(2), fine(3)]));
      await again.close();
      expect(await rowsOf(test.pool)).toEqual({ 'default/a': '0 3' });
      expect(await parkedIn(test.pool)).toEqual([]);
    });

    it('by giving the bad event up: the rest is applied', async () => {
      await apply(poison(0), fine(1), fine(2));
      const { sequenceId } = await only();
      expect(
        await parked.discard(tenant, 'folded', sequenceId, { reason: 'r', by: 'k', throughOffset: 9n }),
      ).toBeUndefined();
      const answer = await parked.discard(tenant, 'folded', sequenceId, { reason: 'r', by: 'k', throughOffset: 0n });
      expect(answer).toMatchObject({ left: 2, discard: { events: 1 } });
      await test.retryAll();
      expect(await rowsOf(test.pool)).toEqual({ 'default/a': '1 2' });
      expect(await parkedIn(test.pool)).toEqual([]);
    });
  });

  describe('of a version that is missing', () => {
    const folded = async () => (await rowsOf(test.pool))['default/run-1'];
    const applyDecisions = (...given: Parameters<typeof paused>[0][]) => apply(...given.map(paused));

    it('parks what follows as a gap, alarms, and leaves the journal alone', async () => {
      await applyDecisions({ offset: 0, version: 1 }, { offset: 1, version: 3 }, { offset: 2, version: 4 });
      expect(await folded()).toBe('v1@0');
      expect(await parkedIn(test.pool)).toMatchObject([
        {
          projection: 'folded',
          reason: 'gap',
          offsets: [1, 2],
          message: 'version 2 of run-1 never came before version 3',
        },
      ]);
      expect(test.gaps).toMatchObject([{ expected: 2n, found: 3n }]);
      expect(await journal()).toEqual([0, 1, 2]);
      await retry();
      expect(await parkedIn(test.pool)).toMatchObject([{ reason: 'gap', offsets: [1, 2] }]);
    });

    it('goes on by itself when the version comes late, in the order of versions, also for who reads the log again', async () => {
      const given = [
        { offset: 0, version: 1 },
        { offset: 1, version: 3 },
        { offset: 2, version: 4 },
        { offset: 3, version: 2 },
        { offset: 4, version: 5 },
      ];
      for (const each of given) {
        await applyDecisions(each);
        await test.retryAll();
      }
      expect(await folded()).toBe('v1@0 v2@3 v3@1 v4@2 v5@4');
      expect(await journal()).toEqual([0, 1, 2, 3, 4]);
      const live = await tableHash(test.pool);

      await test.pool.query(`DELETE FROM spec_folded; DELETE FROM checkpoints WHERE projection = 'folded'`);
      await start({});
      await applyDecisions(...given);
      await test.retryAll();
      expect(await tableHash(test.pool)).toBe(live);
    });

    it('is given up with a reason: the events behind it are applied', async () => {
      await applyDecisions({ offset: 0, version: 1 }, { offset: 1, version: 3 }, { offset: 2, version: 4 });
      const { sequenceId } = await only();
      const answer = await parked.discard(tenant, 'folded', sequenceId, { reason: 'lost', by: 'k', gapOnly: true });
      expect(answer).toMatchObject({ left: 2, discard: { events: 0 } });
      await test.retryAll();
      expect(await folded()).toBe('v1@0 v3@1 v4@2');
      await applyDecisions({ offset: 3, version: 5 });
      expect(await folded()).toBe('v1@0 v3@1 v4@2 v5@3');
    });

    it('shows no gap where it is among what is parked', async () => {
      await applyDecisions({ offset: 0, version: 1 });
      const missing = paused({ offset: 1, version: 2 });
      const { error, reason, stage } = undecodable(1);
      const record = { ...missing.record, value: Buffer.from([7]) };
      await applyWith([{ record, origin: record, stage, reason, error }], paused({ offset: 2, version: 3 }));
      expect(test.gaps).toEqual([]);
      await readableAgain(test.pool, missing);
      await retry();
      expect(await folded()).toBe('v1@0 v2@1 v3@2');
    });
  });

  describe('has bounds, past which a projection stops while the others go on', () => {
    it('of events of one aggregate, and goes on from there when they are settled', async () => {
      await start({ bounds: { eventsMax: 3 } });
      await apply(poison(0), fine(1), fine(2), fine(3, 'b'));
      await apply(fine(4), fine(5, 'b'));
      expect(await rowsOf(test.pool)).toEqual({ 'default/b': '3' });
      expect(await journal()).toEqual([0, 1, 2, 3, 4, 5]);
      expect(test.stops).toMatchObject([{ ...systemEvents, offset: 4n }]);
      expect(test.stops[0]?.reason).toContain('more than 3 events of one aggregate are parked');
      expect(test.runner.stops()).toHaveLength(1);
      const { rows } = await test.pool.query(`SELECT next_offset, stopped_reason FROM checkpoints
        WHERE projection = 'folded' AND topic = 'system.events'`);
      expect(rows).toEqual([{ next_offset: '4', stopped_reason: expect.stringContaining('more than 3 events') }]);
      await test.runner.lookAfterClaims();
      expect(test.fenced()).toBe(0);
      const { sequenceId } = await only();
      await parked.discard(tenant, 'folded', sequenceId, { reason: 'r', by: 'k' });
      await test.runner.lookAfterClaims();
      expect(test.fenced()).toBe(1);
      expect(await test.runner.claim(systemEvents)).toBe(4n);
      await apply(fine(4), fine(5, 'b'));
      expect(await rowsOf(test.pool)).toEqual({ 'default/a': '4', 'default/b': '3 5' });
    });

    it('of aggregates', async () => {
      await start({ bounds: { aggregatesMax: 2 } });
      await apply(poison(0, 'a'), poison(1, 'b'), fine(2, 'd'));
      await apply(poison(3, 'c'));
      expect(test.stops[0]?.reason).toContain('more than 2 aggregates are parked');
      expect(await parkedIn(test.pool)).toHaveLength(2);
    });

    it('of the share of events that fail, from a number on: with mended code it goes on from the same offset', async () => {
      await start({ bounds: { faultsMin: 3 } });
      await apply(poison(0, 'a'), poison(1, 'b'), fine(2, 'c'));
      expect(test.stops).toEqual([]);
      const bad = Array.from({ length: 20 }, (_, index) => poison(3 + index, `d${index}`));
      await apply(...bad);
      expect(test.stops).toMatchObject([{ offset: 3n }]);
      expect(test.stops[0]?.reason).toContain('No status for 22');
      await start({ isMended: true, bounds: { faultsMin: 3 } });
      await apply(...bad);
      expect(Object.keys(await rowsOf(test.pool))).toHaveLength(21);
    });

    it('and makes the partition wait when nobody is left to go on', async () => {
      await test.close();
      test = await startRunner(database.url, { projections: [foldedProjection()], bounds: { eventsMax: 1 } });
      await test.runner.claim(systemEvents);
      await apply(poison(0));
      await expect(apply(fine(1))).rejects.toThrow('more than 1 events of one aggregate');
    });
  });
});
