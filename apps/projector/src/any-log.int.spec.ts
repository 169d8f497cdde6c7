import { allEventTypes, eventTypes, topicOf } from '@chorda/contracts';
import type { Message } from '@chorda/messaging';
import { createPool, migrate } from '@chorda/read-models';
import { draws, freshDatabase } from '@chorda/testing';
import fc from 'fast-check';
import { describe, expect, inject, it } from 'vitest';
import { arbitraryEvent } from '../../../libs/contracts/src/testing/arbitrary-event.js';
import { batchOf, startRunner } from './runner/runner-harness.spec.js';
import { randomOf } from './test-support/random.js';
import { everyProjection, rebuildDifferences } from './test-support/rebuild.js';
import { describeBatches, drawBatches } from './test-support/replays.js';
import { sentAgain, writeLog, type SpecEvent } from './test-support/spec-event.js';

/** Few ids for many events, so that they meet in rows. */
const idsMax = 3;
const readTopics = new Set(everyProjection().flatMap(({ topics }) => topics));
const types = allEventTypes.filter((type) => !eventTypes[type].topic.includes('{'));

/** Any lawful event; its ids are a few, and what is summed up stays far below 2^53. */
const anEvent: fc.Arbitrary<SpecEvent> = fc
  .constantFrom(...types)
  .chain((type) => fc.tuple(arbitraryEvent(type), fc.nat(idsMax - 1), fc.constantFrom('default', 'other')))
  .map(([event, id, tenant]) => {
    const data = Object.entries(event.data).map(([name, value]: [string, unknown]) => [name, tamed(name, value, id)]);
    return { event: { ...event, data: Object.fromEntries(data) }, about: { tenant, subject: `subject-${id}` } };
  });

function tamed(name: string, value: unknown, id: number): unknown {
  if (typeof value === 'string' && /(^|_)(id|service|instance)$/.test(name)) return `${name}-${id}`;
  if (typeof value === 'number' && Number.isInteger(value)) return value % 1_000_000;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([inner, of]: [string, unknown]) => [inner, tamed(inner, of, id)]),
  );
}

/** Guarantees 2 and 8 for any log: how it is cut into batches, and what comes twice, leaves no trace in a read model. */
describe('any events of the catalogue', { timeout: 600_000 }, () => {
  it('make the same read models in any batches, with any of them sent or brought again, as in a rebuild', async () => {
    const property = fc.asyncProperty(
      fc.array(anEvent, { minLength: 10, maxLength: 80 }),
      fc.nat(),
      async (events, seed) => {
        const random = randomOf(seed);
        const log = writeLog(events).filter(({ event }) => readTopics.has(topicOf(event)));
        const withRepeats = log.flatMap((message) =>
          random.below(4) === 0 ? [message, sentAgain(message)] : [message],
        );
        const batches = drawBatches(withRepeats, random);
        expect(await differences(batches, withRepeats), describeBatches(batches)).toEqual([]);
      },
    );
    await fc.assert(property, { numRuns: 5, ...draws });
  });

  async function differences(batches: readonly (readonly Message[])[], log: readonly Message[]) {
    const database = await freshDatabase(inject('stack'));
    await migrate(database.url);
    const pool = createPool(database.url, { connectionsMax: 2 });
    const { runner, close } = await startRunner(database.url, { projections: everyProjection() });
    try {
      for (const { record } of new Map(
        log.map((message) => [`${message.record.topic}/${message.record.partition}`, message]),
      ).values()) {
        await runner.claim(record);
      }
      for (const batch of batches) {
        await runner.handleBatch(batchOf(batch));
        await runner.handleBatch(batchOf(batch));
      }
      return await rebuildDifferences(pool, { databaseUrl: database.url }, log);
    } finally {
      await close();
      await pool.end();
      await database.drop();
    }
  }
});
