import { defaultTenant, tenantId } from '@chorda/kernel';
import { freshDatabase } from '@chorda/testing';
import type pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { createPool } from '../database/pool.js';
import { migrate } from '../migrations/migrate.js';
import { RunEventsRepository, type EmittedEvent, type EventWait } from './run-events.repository.js';

const other = tenantId('other');
let pool: pg.Pool;
let stored: RunEventsRepository;
let drop: () => Promise<void>;

beforeAll(async () => {
  const database = await freshDatabase(inject('stack'));
  drop = () => database.drop();
  await migrate(database.url);
  pool = createPool(database.url, { applicationName: 'spec', connectionsMax: 2, transactionTimeoutMs: 5_000 });
  stored = new RunEventsRepository(pool);
});
afterAll(async () => {
  await pool?.end();
  await drop?.();
});
beforeEach(async () => {
  await pool.query('TRUNCATE workflow_event_waits, workflow_events_kept, workflow_events_taken');
});

const hourMs = 3_600_000;
const wait = (runId: string, own: Partial<EventWait> = {}): EventWait => ({
  ...{ tenantId: defaultTenant, runId, waitId: `${runId}/0`, name: 'paid', key: 'o-7' },
  expiresMs: Date.now() + hourMs,
  ...own,
});
const event = (eventId: string, own: Partial<EmittedEvent> = {}): EmittedEvent => ({
  ...{ tenantId: defaultTenant, eventId, runId: 'emitter', name: 'paid', key: 'o-7', data: '{}', correlationId: 'c' },
  emittedMs: 1_000,
  expiresMs: Date.now() + hourMs,
  ...own,
});
const runsFor = async (one: EmittedEvent) => (await stored.waitsFor(one, undefined, 100)).map(({ runId }) => runId);
const before = async (one: EventWait) => (await stored.saidBefore(one, undefined, 100)).map(({ eventId }) => eventId);

describe('events between runs', () => {
  it('are found by name and key, any key too, and by no other tenant nor by whoever said them', async () => {
    await stored.addWaits([
      wait('a'),
      wait('any', { key: null }),
      wait('b', { key: 'o-8' }),
      wait('c', { name: 'shipped' }),
      wait('theirs', { tenantId: other }),
      wait('emitter'),
      wait('late', { expiresMs: Date.now() - 1 }),
    ]);
    expect(await runsFor(event('e'))).toEqual(['a', 'any']);
    expect(await runsFor(event('e', { key: null }))).toEqual(['any']);
    expect(await runsFor(event('e', { tenantId: other }))).toEqual(['theirs']);
  });

  it('are kept for later waits in their order, whatever texts they are of', async () => {
    const odd = { name: '\u0000', key: 'x'.repeat(100_000) };
    await stored.keep([
      event('second', { emittedMs: 2_000 }),
      event('first'),
      event('theirs', { tenantId: other }),
      event('own', { runId: 'a' }),
      event('now', { expiresMs: null }),
      event('over', { expiresMs: Date.now() - 1 }),
      event('odd', odd),
    ]);
    expect(await before(wait('a'))).toEqual(['first', 'second']);
    expect(await before(wait('a', { tenantId: other }))).toEqual(['theirs']);
    expect(await before(wait('a', { key: 'o-8' }))).toEqual([]);
    expect(await stored.saidBefore(wait('a', odd), undefined, 100)).toMatchObject([{ eventId: 'odd', ...odd }]);
    await stored.taken(event('first'), 'a');
    expect(await before(wait('a'))).toEqual(['second']);
    expect(await before(wait('b'))).toEqual(['first', 'own', 'second']);
  });

  it('are paged through without a gap', async () => {
    const ids = Array.from({ length: 7 }, (_, index) => `r-${index}`);
    await stored.addWaits(ids.flatMap((id) => [wait(id), wait(id, { key: null })]));
    await stored.keep(ids.map((id, index) => event(id, { emittedMs: index < 4 ? 1_000 : 2_000 })));
    const waits: string[] = [];
    for (let page = await stored.waitsFor(event('e'), undefined, 3); page.length > 0;) {
      waits.push(...page.map(({ runId }) => runId));
      page = await stored.waitsFor(event('e'), page.at(-1), 3);
    }
    expect(waits).toEqual(ids.flatMap((id) => [id, id]));
    const events: string[] = [];
    for (let page = await stored.saidBefore(wait('a'), undefined, 2); page.length > 0;) {
      events.push(...page.map(({ eventId }) => eventId));
      page = await stored.saidBefore(wait('a'), page.at(-1), 2);
    }
    expect(events.toSorted()).toEqual(ids);
  });

  it('are waited for once by a run, until it is told that it waits no more', async () => {
    await stored.addWaits([wait('a', { waitId: 'one' })]);
    await stored.addWaits([wait('a', { waitId: 'two' })]);
    expect(await stored.waitsFor(event('e'), undefined, 100)).toMatchObject([{ runId: 'a', waitId: 'two' }]);
    await stored.endWait(defaultTenant, { runId: 'a', waitId: 'one' });
    expect(await runsFor(event('e'))).toEqual(['a']);
    await stored.endWaitsOf([{ tenantId: other, runId: 'a' }]);
    expect(await runsFor(event('e'))).toEqual(['a']);
    await stored.endWait(defaultTenant, { runId: 'a', waitId: 'two' });
    expect(await runsFor(event('e'))).toEqual([]);
  });

  it('are dropped past as many and as large as a tenant may keep, the oldest first, and counted', async () => {
    const said = (index: number, own: Partial<EmittedEvent> = {}) => event(`e-${index}`, { emittedMs: index, ...own });
    await stored.keep([1, 2, 3, 4].map((index) => said(index)));
    await stored.keep([said(5, { tenantId: other })]);
    expect(await stored.clean(3)).toBe(1);
    expect(await before(wait('a'))).toEqual(['e-2', 'e-3', 'e-4']);
    await stored.keep([said(6, { data: JSON.stringify('x'.repeat(1_000)) })]);
    expect(await stored.clean(100, 1_130)).toBe(2);
    expect(await before(wait('a'))).toEqual(['e-4', 'e-6']);
    expect(await before(wait('a', { tenantId: other }))).toEqual(['e-5']);
  });
});
