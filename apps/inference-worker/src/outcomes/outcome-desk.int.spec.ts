import { silentLogger, tenantId } from '@chorda/kernel';
import type { OutgoingRecord } from '@chorda/messaging';
import { createPool, InferenceOutcomeRepository, migrate, type Settlement } from '@chorda/read-models';
import { freshDatabase, type FreshDatabase } from '@chorda/testing';
import type pg from 'pg';
import { Registry } from 'prom-client';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { workerMetrics } from '../worker-metrics.js';
import { OutcomeDesk } from './outcome-desk.js';

let database: FreshDatabase;
let pool: pg.Pool;
const tenant = tenantId('default');
const signal = new AbortController().signal;

beforeAll(async () => {
  database = await freshDatabase(inject('stack'));
  await migrate(database.url);
  pool = createPool(database.url);
});

afterAll(async () => {
  await pool.end();
  await database.drop();
});

/** A desk that writes down what it publishes; past `statementsMax` its Postgres is gone. */
function deskOf(worker: string, statementsMax = Infinity) {
  const sent: OutgoingRecord[] = [];
  let statements = 0;
  class Cut extends InferenceOutcomeRepository {
    override settle(settlements: readonly Settlement[]) {
      if (++statements > statementsMax) return Promise.reject(new Error('Postgres is gone'));
      return super.settle(settlements);
    }
  }
  const desk = new OutcomeDesk({
    outcomes: new Cut(pool, worker),
    producer: {
      send: (record) => {
        sent.push(record);
        return Promise.resolve({ topic: record.topic, partition: 0, offset: 0n });
      },
      close: () => Promise.resolve(),
    },
    metrics: workerMetrics(new Registry()),
    logger: silentLogger,
  });
  return { desk, sent };
}

function settlement(requestId: string, attempt: number, by: string): Settlement {
  const [key, value] = [Buffer.from(requestId), Buffer.from(by)];
  const record = { topic: 'inference.events', key, value, headers: '{}' };
  return {
    ...{ tenantId: tenant, requestId, attempt, costUsd: '0', tokens: 1 },
    outcome: { type: 'inference.completed', eventId: `o-${requestId}`, value, headers: '{}' },
    records: [
      { ...record, recordId: `o-${requestId}`, kind: 'outcome' },
      { ...record, recordId: `u-${requestId}-${attempt}`, kind: 'usage' },
    ],
  };
}

const begin = (worker: string, requestId: string) =>
  new InferenceOutcomeRepository(pool, worker).begin([{ tenantId: tenant, requestId, usage: '{}' }]);

describe('the desk', () => {
  it('publishes an outcome that was claimed, and of an answer that came too late nothing', async () => {
    const [one, other] = [deskOf('one'), deskOf('other')];
    await begin('one', 'r-1');
    await begin('other', 'r-1');
    expect(await one.desk.settle(settlement('r-1', 1, 'one'), signal)).toBe('counted');
    expect(await other.desk.settle(settlement('r-1', 2, 'other'), signal)).toBe('outrun');
    expect(one.sent.map(({ value }) => String(value))).toEqual(['one', 'one']);
    expect(other.sent).toEqual([]);
  });

  it('stores an outcome and what it cost at once: wherever it stops, none is without the other', async () => {
    const stopped = new AbortController();
    stopped.abort();
    const { desk } = deskOf('one', 1);
    await begin('one', 'r-2');
    await desk.settle(settlement('r-2', 1, 'one'), stopped.signal).catch(() => undefined);
    const { rows } = await pool.query("SELECT record_id FROM inference_outbox WHERE record_id LIKE '%r-2%' ORDER BY 1");
    const outcomes = await pool.query("SELECT FROM inference_outcomes WHERE request_id = 'r-2'");
    const published = await pool.query("SELECT FROM inference_attempts WHERE request_id = 'r-2'");
    expect([outcomes.rowCount, published.rowCount]).toEqual([1, 0]);
    // What is published leaves the outbox, soon and in one go.
    expect([[], ['o-r-2', 'u-r-2-1']]).toContainEqual(rows.map(({ record_id: id }) => id));
  });
});
