import { defaultTenant } from '@chorda/kernel';
import { migrate, ServicesRepository } from '@chorda/read-models';
import { freshDatabase, type FreshDatabase } from '@chorda/testing';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { batchOf, message, startRunner, systemEvents, type TestRunner } from '../runner/runner-harness.spec.js';

const startedMs = Date.UTC(2026, 10, 21, 12);
const identity = { pid: 42, shares_process: true, version: '0.1.0', address: 'http://127.0.0.1:4600' };

const health = message({
  offset: 0,
  recordTimeMs: startedMs + 1_000,
  data: {
    ...identity,
    status: 'degraded',
    metrics: { cpu_usage: 0.5, memory_usage: 0.25, active_agents: 3, queue_size: 9 },
    alerts: ['postgres: slow'],
    started_at: new Date(startedMs).toISOString(),
    interval_ms: 5000,
  },
});
const usage = message({
  offset: 1,
  type: 'system.resource_usage',
  recordTimeMs: startedMs + 1_001,
  data: {
    ...identity,
    cpu_usage: 0.75,
    cpu_count: 2,
    memory_rss_bytes: 2 ** 33,
    memory_limit_bytes: 2 ** 34,
    heap_used_bytes: 100,
    heap_limit_bytes: 200,
    uptime_ms: 1_001,
  },
});
const performance = message({
  offset: 2,
  type: 'system.performance',
  recordTimeMs: startedMs + 1_002,
  data: {
    ...identity,
    window_ms: 5000,
    event_loop_usage: 0.1,
    event_loop_delay_p50_ms: 1.5,
    event_loop_delay_p99_ms: 20,
    operations: [],
  },
});
const alert = message({
  offset: 3,
  type: 'system.error_alert',
  recordTimeMs: startedMs + 1_003,
  data: { ...identity, severity: 'critical', code: 'PARTITION_STOPPED', message: 'It stands still' },
});

describe('the registry of services', () => {
  let database: FreshDatabase;
  let test: TestRunner;

  beforeEach(async () => {
    database = await freshDatabase(inject('stack'));
    await migrate(database.url);
    test = await startRunner(database.url);
    await test.runner.claim(systemEvents);
  });

  afterEach(async () => {
    await test.close();
    await database.drop();
  });

  it.each([
    ['one batch', [[health, usage, performance, alert]]],
    ['batches of one', [[health], [usage], [performance], [alert]]],
    [
      'batches that come twice',
      [
        [health, usage],
        [health, usage],
        [usage, performance, alert],
      ],
    ],
  ])('folds what an instance says of itself, in %s', async (_, batches) => {
    for (const batch of batches) await test.runner.handleBatch(batchOf(batch));
    const services = new ServicesRepository(test.pool);
    expect(await services.list(defaultTenant)).toEqual([
      {
        service: 'projector',
        instance: 'one',
        status: 'degraded',
        ...identity,
        started_at: new Date(startedMs),
        last_seen: new Date(startedMs + 1_003),
        interval_ms: 5000,
        cpu_usage: 0.75,
        cpu_count: 2,
        memory_usage: 0.25,
        memory_rss_bytes: 2 ** 33,
        memory_limit_bytes: 2 ** 34,
        heap_used_bytes: 100,
        heap_limit_bytes: 200,
        uptime_ms: 1_001,
        event_loop_usage: 0.1,
        event_loop_delay_p50_ms: 1.5,
        event_loop_delay_p99_ms: 20,
        active_agents: 3,
        queue_size: 9,
        alerts: ['postgres: slow'],
        error_count: 1,
        last_error_code: 'PARTITION_STOPPED',
        last_error_message: 'It stands still',
        last_error_severity: 'critical',
        last_error_at: new Date(startedMs + 1_003),
      },
    ]);
    const span = { fromMs: startedMs, toMs: startedMs + 60_000 };
    expect(await services.history(defaultTenant, 'projector', span)).toEqual([
      {
        service: 'projector',
        instance: 'one',
        event_time: new Date(startedMs + 1_000),
        status: 'degraded',
        cpu_usage: 0.5,
        memory_usage: 0.25,
        active_agents: 3,
        queue_size: 9,
        alerts: ['postgres: slow'],
      },
    ]);
  });

  it('keeps instances apart, also one that names none', async () => {
    const nameless = message({
      offset: 4,
      recordTimeMs: startedMs,
      data: { instance: null, ...alertData() },
      type: 'system.error_alert',
    });
    await test.runner.handleBatch(batchOf([health, nameless]));
    const listed = await new ServicesRepository(test.pool).list(defaultTenant);
    expect(listed.map(({ instance, status }) => [instance, status])).toEqual([
      ['one', 'degraded'],
      ['', 'unknown'],
    ]);
  });
});

function alertData() {
  return { severity: 'warning', code: 'X', message: 'y' };
}
