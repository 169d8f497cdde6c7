import { migrate } from '@chorda/read-models';
import { redriveTopic } from '@chorda/messaging';
import { freshDatabase, type FreshDatabase } from '@chorda/testing';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import {
  batchOf,
  decision,
  noTable,
  ownProjections,
  startRunner,
  workflowEvents,
  type GivenDecision,
  type TestRunner,
} from './runner-harness.spec.js';
import type { Projection } from './projection.js';

/** Guarantee 2: a decision is applied once by the version of its stream; guarantee 4: a missing version loses nothing. */
describe('the version of a stream', () => {
  let database: FreshDatabase;
  let test: TestRunner;

  beforeEach(async () => {
    database = await freshDatabase(inject('stack'));
    await migrate(database.url);
    test = await startRunner(database.url);
    await test.runner.claim(workflowEvents);
  });

  afterEach(async () => {
    await test.close();
    await database.drop();
  });

  async function apply(...given: readonly GivenDecision[]): Promise<void> {
    await test.runner.handleBatch(batchOf(given.map(decision)));
  }

  async function journal(): Promise<readonly number[]> {
    const { rows } = await test.pool.query<{ offset: string }>('SELECT "offset" FROM journal_v1 ORDER BY "offset"');
    return rows.map((row) => Number(row.offset));
  }

  async function streams() {
    const { rows } = await test.pool.query<Record<string, string>>(
      'SELECT tenant_id, stream, version, "offset", gaps FROM stream_versions ORDER BY 1, 2',
    );
    return rows.map((row) => `${row['tenant_id']}/${row['stream']} v${row['version']}@${row['offset']} ${row['gaps']}`);
  }

  async function metric(name: string): Promise<string | undefined> {
    return (await test.metrics.metrics()).split('\n').find((line) => line.startsWith(name));
  }

  it('counts in each stream of a subject apart, as an agent and its executions have it', async () => {
    await apply(
      { offset: 0, version: 1, streamName: 'run-1' },
      { offset: 1, version: 1, streamName: 'step-7' },
      { offset: 2, version: 2, streamName: 'run-1' },
      { offset: 3, version: 1, streamName: 'step-7' },
      { offset: 4, version: 3, streamName: 'step-7' },
    );
    expect(await journal()).toEqual([0, 1, 2, 4]);
    expect(await streams()).toEqual(['default/run-1 v2@2 0', 'default/step-7 v3@4 1']);
  });

  it('that was applied changes nothing when it comes again under another id, and is counted and written down', async () => {
    await apply({ offset: 0, version: 1 }, { offset: 1, version: 2 }, { offset: 2, version: 2 });
    await apply({ offset: 3, version: 1 }, { offset: 4, version: 3 });
    expect(await journal()).toEqual([0, 1, 4]);
    expect(await streams()).toEqual(['default/run-1 v3@4 0']);
    expect(await metric('chorda_projection_events_total{projection="journal",result="repeat"}')).toMatch(/ 2$/);
    const repeats = await test.pool.query('SELECT "offset", stream_version FROM event_repeats ORDER BY 1');
    expect(repeats.rows).toEqual([
      { offset: '2', stream_version: '2' },
      { offset: '3', stream_version: '1' },
    ]);
    expect(test.gaps).toEqual([]);
  });

  it('is counted for each tenant and stream', async () => {
    await apply(
      { offset: 0, version: 1 },
      { offset: 1, version: 1, stream: 'run-2' },
      { offset: 2, version: 1, tenant: 'other' },
    );
    expect(await journal()).toEqual([0, 1, 2]);
    expect(await streams()).toEqual(['default/run-1 v1@0 0', 'default/run-2 v1@1 0', 'other/run-1 v1@2 0']);
  });

  it('that is not the next is in the journal all the same, counted and told once', async () => {
    await apply({ offset: 0, version: 1 }, { offset: 1, version: 4 }, { offset: 2, version: 5 });
    await apply({ offset: 3, version: 2, stream: 'run-2' });
    expect(await journal()).toEqual([0, 1, 2, 3]);
    const gap = { ...workflowEvents, offset: 1n, stream: 'run-1', expected: 2n, found: 4n };
    expect(test.gaps).toEqual([gap, { ...gap, offset: 3n, stream: 'run-2', expected: 1n, found: 2n }]);
    expect(await metric('chorda_projection_version_gaps_total{topic="workflow.events"}')).toMatch(/ 2$/);
    expect(await streams()).toEqual(['default/run-1 v5@2 1', 'default/run-2 v2@3 1']);
  });

  it('is not moved by a batch that fails', async () => {
    const failing: Projection = {
      name: 'failing',
      version: 1,
      topics: [workflowEvents.topic],
      table: noTable,
      apply: () => Promise.reject(new Error('connection refused')),
    };
    const other = await startRunner(database.url, { projections: [...ownProjections(), failing] });
    await other.runner.claim(workflowEvents);
    await expect(other.runner.handleBatch(batchOf([decision({ offset: 0, version: 7 })]))).rejects.toThrow(
      'connection refused',
    );
    expect(other.gaps).toEqual([]);
    await other.close();
    expect(await streams()).toEqual([]);
  });

  it('decides alike for a projection that reads the log again from its start', async () => {
    const given: readonly GivenDecision[] = [
      { offset: 0, version: 1 },
      { offset: 1, version: 2 },
      { offset: 2, version: 2 },
      { offset: 3, version: 5 },
      { offset: 4, version: 4 },
      { offset: 5, version: 6 },
    ];
    await apply(...given);
    const seen: number[] = [];
    const rebuilt: Projection = {
      name: 'rebuilt',
      version: 1,
      topics: [workflowEvents.topic],
      table: noTable,
      isHistory: true,
      apply: (_, messages) => {
        seen.push(...messages.map(({ record }) => Number(record.offset)));
        return Promise.resolve(messages.length);
      },
    };
    const later = await startRunner(database.url, { projections: [...ownProjections(), rebuilt] });
    expect(await later.runner.claim(workflowEvents)).toBe(0n);
    for (const each of given) await later.runner.handleBatch(batchOf([decision(each)]));
    expect(seen).toEqual([0, 1, 3, 4, 5]);
    expect(later.gaps).toEqual([]);
    await later.close();
    expect(await journal()).toEqual([0, 1, 3, 4, 5]);
  });

  it('that was missing is still applied when a redrive brings it, once', async () => {
    await apply({ offset: 0, version: 1 }, { offset: 2, version: 3 });
    const redrives = { topic: redriveTopic(workflowEvents.topic, 'projector.read-models'), partition: 0 };
    await test.runner.claim(redrives);
    const missing = { offset: 1, version: 2 };
    await apply({ ...missing, redrivenAt: 0 });
    await apply({ ...missing, redrivenAt: 1 });
    await apply({ offset: 3, version: 4 });
    expect(await journal()).toEqual([0, 1, 2, 3]);
    expect(test.gaps).toHaveLength(1);
  });

  it('begins anew in a topic that was made anew', async () => {
    await apply({ offset: 0, version: 1 }, { offset: 5, version: 2 });
    const later = await startRunner(database.url, { topicId: () => Promise.resolve('another-id') });
    expect(await later.runner.claim(workflowEvents)).toBe(0n);
    expect(await streams()).toEqual([]);
    await later.close();
  });

  it('begins with what the journal holds where a database is older than the count', async () => {
    await apply({ offset: 0, version: 1 }, { offset: 1, version: 2 }, { offset: 2, version: 1, stream: 'run-2' });
    await test.pool.query(`DROP TABLE stream_versions; DELETE FROM chorda_migrations WHERE id = '0003';
      ALTER TABLE event_repeats DROP COLUMN stream_version; ALTER TABLE checkpoints DROP COLUMN advanced_at`);
    expect(await migrate(database.url)).toEqual(['0003']);
    expect(await streams()).toEqual(['default/run-1 v2@1 0', 'default/run-2 v1@2 0']);
  });
});
