import { UndecodableRecordError } from '@chorda/contracts';
import { migrate } from '@chorda/read-models';
import type { IncomingRecord, Message, SetAsideRecord } from '@chorda/messaging';
import { freshDatabase, type FreshDatabase } from '@chorda/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { DayPartitions } from '../runner/day-partitions.js';
import { journalProjection } from '../journal/journal.projection.js';
import { batchOf, codec, message, startRunner, systemEvents, type TestRunner } from '../runner/runner-harness.spec.js';
import { services } from '../services/services.projection.js';
import { createFoldedTable, emptyTables, fine, parkedIn, readableAgain } from './parking-harness.spec.js';

/** `docs/bad-input.md`: what becomes of input that nobody wished for. Each has a decided result, and loses nothing. */
describe('bad input', () => {
  let database: FreshDatabase;
  let test: TestRunner;

  beforeAll(async () => {
    database = await freshDatabase(inject('stack'));
    await migrate(database.url);
  });

  beforeEach(async () => {
    const projections = [journalProjection(new DayPartitions('journal_v1', Infinity)), services];
    test = await startRunner(database.url, { projections });
    await createFoldedTable(test.pool).catch(() => undefined);
    await emptyTables(test.pool);
    await test.pool.query('TRUNCATE services_v1');
    await test.runner.claim(systemEvents);
  });

  afterEach(() => test.close());
  afterAll(() => database.drop());

  /** As the consumer engine hands it over. */
  function arriving(record: IncomingRecord): { readonly message?: Message; readonly setAside?: SetAsideRecord } {
    const { topic, partition, offset } = record;
    const origin = { topic, partition, offset };
    try {
      const envelope = codec.decode(record);
      return { message: { record, envelope, event: envelope.event, origin } };
    } catch (error) {
      if (!(error instanceof UndecodableRecordError)) throw error;
      return { setAside: { record, origin, stage: 'decode', reason: error.reason, error } };
    }
  }

  async function apply(...records: readonly IncomingRecord[]): Promise<void> {
    const all = records.map(arriving);
    const messages = all.flatMap((each) => each.message ?? []);
    await test.runner.handleBatch(
      batchOf(
        messages,
        {},
        all.flatMap((each) => each.setAside ?? []),
      ),
    );
  }

  async function journal(): Promise<readonly number[]> {
    const { rows } = await test.pool.query<{ offset: string }>('SELECT "offset" FROM journal_v1 ORDER BY "offset"');
    return rows.map(({ offset }) => Number(offset));
  }

  async function service(name = 'a'): Promise<Record<string, unknown> | undefined> {
    const { rows } = await test.pool.query<Record<string, unknown>>('SELECT * FROM services_v1 WHERE service = $1', [
      name,
    ]);
    return rows[0];
  }

  const spoiled = (offset: number, how: Partial<IncomingRecord>): IncomingRecord => ({
    ...fine(offset).record,
    ...how,
  });
  const withHeaders = (offset: number, headers: Readonly<Record<string, string>>): IncomingRecord => {
    const { record } = fine(offset);
    const texts = Object.entries(headers).map(([name, text]) => [name, Buffer.from(text)]);
    return { ...record, headers: { ...record.headers, ...Object.fromEntries(texts) } };
  };
  /** The letters of a value changed for others, as many. */
  const withBytes = (offset: number, from: Buffer, to: Buffer): IncomingRecord => {
    const data = { status: 'healthy', metrics: noMetrics, alerts: [from.toString('latin1')] };
    const { record } = message({ offset, service: 'a', data });
    const value = Buffer.from(record.value ?? Buffer.alloc(0));
    to.copy(value, value.indexOf(from));
    return { ...record, value };
  };
  const noMetrics = { cpu_usage: 0, memory_usage: 0, active_agents: 0, queue_size: 0 };

  it.each([
    ['a tombstone', 'no_value', () => spoiled(1, { value: null })],
    [
      'an event of a type that this build does not know',
      'unknown_type',
      () => withHeaders(1, { ce_type: 'system.new' }),
    ],
    ['a key that is not that of the headers', 'bad_key', () => withHeaders(1, { ce_subject: 'b' })],
    ['a payload of another aggregate than its key', 'bad_key', () => withOtherPayload(1)],
    ['an event that ends too early', 'truncated', () => spoiled(1, { value: fine(1).record.value!.subarray(0, -3) })],
  ])('%s is parked in its place; readable again, it is applied there', async (_, reason, make) => {
    await apply(fine(0).record, make(), fine(2).record, fine(3, 'other').record);
    expect(await journal()).toEqual([0, 3]);
    expect(await parkedIn(test.pool)).toMatchObject([
      { projection: 'journal', key: 'default/a', reason: 'undecodable', offsets: [1, 2] },
      { projection: 'services', key: 'default/a', reason: 'undecodable', offsets: [1, 2] },
    ]);
    const { rows } = await test.pool.query<{ error_code: string }>('SELECT error_code FROM parked_sequences');
    expect(rows.map(({ error_code }) => error_code)).toEqual([reason, reason]);
    await readableAgain(test.pool, fine(1));
    await test.pool.query('UPDATE parked_sequences SET retry_requested_at = now()');
    await test.retryAll();
    expect(await journal()).toEqual([0, 1, 2, 3]);
  });

  it('a NUL in a text is a replacement character in the row, and itself in the journal', async () => {
    const record = withBytes(0, Buffer.from('axb'), Buffer.from('a\0b'));
    await apply(record);
    expect(await service()).toMatchObject({ alerts: ['a\uFFFDb'] });
    const { rows } = await test.pool.query<{ payload: Buffer }>('SELECT payload FROM journal_v1');
    expect(rows[0]?.payload).toEqual(record.value?.subarray(5));
  });

  it('a lone surrogate in the bytes of a text is replaced where the text is read, and kept in the journal', async () => {
    const record = withBytes(0, Buffer.from('xyz'), Buffer.from([0xed, 0xa0, 0x80]));
    await apply(record);
    expect(await service()).toMatchObject({ alerts: ['\uFFFD\uFFFD\uFFFD'] });
    const { rows } = await test.pool.query<{ payload: Buffer }>('SELECT payload FROM journal_v1');
    expect(rows[0]?.payload).toEqual(record.value?.subarray(5));
  });

  it('a time in the far future is kept as the sender said; order and retention go by the time of the log', async () => {
    await apply(withHeaders(0, { ce_time: '9999-12-31T23:59:59.999Z' }), fine(1).record);
    const { rows } = await test.pool.query<{ year: number; is_today: boolean }>(
      `SELECT extract(year FROM event_time)::int AS year, record_time > now() - interval '1 day' AS is_today
       FROM journal_v1 ORDER BY "offset"`,
    );
    expect(rows[0]).toEqual({ year: 9999, is_today: true });
    expect(await journal()).toEqual([0, 1]);
  });

  it('a payload of a megabyte is applied like any other', async () => {
    const data = { status: 'healthy', metrics: noMetrics, alerts: ['x'.repeat(1_000_000)] };
    await apply(message({ offset: 0, service: 'a', data }).record, fine(1, 'other').record);
    expect(await journal()).toEqual([0, 1]);
    expect(String((await service())?.['alerts']).length).toBe(1_000_000);
  });
});

/** A health check of one service under the key and the headers of another. */
function withOtherPayload(offset: number): IncomingRecord {
  return { ...fine(offset).record, value: fine(offset, 'c').record.value };
}
