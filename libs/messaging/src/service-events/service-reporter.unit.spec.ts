import { Registry } from 'prom-client';
import { afterEach, describe, expect, it } from 'vitest';
import type { AnyEvent, EncodedRecord, EventEnvelope } from '@chorda/contracts';
import { silentLogger, sleep, type Logger } from '@chorda/kernel';
import type { OutgoingRecord, Producer, RecordPlace } from '../port.js';
import { OperationRecorder } from './operation-recorder.js';
import { healthOf, type ServiceFigures } from './service-figures.js';
import { startServiceReporter, type ServiceReporter, type ServiceReporterOptions } from './service-reporter.js';

const figures: ServiceFigures = {
  cpuUsage: 0.25,
  cpuCount: 2,
  memoryUsage: 0.5,
  memoryLimitBytes: 1000,
  rssBytes: 500,
  heapUsedBytes: 100.5,
  heapLimitBytes: 400,
  eventLoopUsage: 0.1,
  eventLoopDelayP50Ms: 1,
  eventLoopDelayP99Ms: 2,
  uptimeMs: 5000,
  intervalMs: 50,
};
const place: RecordPlace = { topic: 'system.events', partition: 0, offset: 0n };

/** Brokers that answer as told, and a codec that keeps what it was given. */
class Log {
  readonly events: AnyEvent[] = [];
  sent = 0;
  answer: () => Promise<RecordPlace> = () => Promise.resolve(place);
  readonly lines: string[] = [];
  readonly producer: Producer = {
    send: (_record: OutgoingRecord) => {
      this.sent += 1;
      return this.answer();
    },
    close: () => Promise.resolve(),
  };
  readonly codec = {
    encode: ({ event }: EventEnvelope): EncodedRecord => {
      this.events.push(event);
      return { topic: 'system.events', key: Buffer.from('k'), partition: 0, value: Buffer.from('v'), headers: {} };
    },
  };
  readonly logger: Logger = {
    ...silentLogger,
    warn: (message) => void this.lines.push(`warn ${message}`),
    info: (message) => void this.lines.push(`info ${message}`),
  };

  ofType<Type extends AnyEvent['type']>(type: Type) {
    return this.events.filter((event): event is Extract<AnyEvent, { type: Type }> => event.type === type);
  }
}

const running: ServiceReporter[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((reporter) => reporter.stop()));
});

function start(log: Log, changes: Partial<ServiceReporterOptions> = {}): ServiceReporter {
  const reporter = startServiceReporter({
    producer: log.producer,
    codec: log.codec,
    service: 'gateway',
    instance: 'host:1',
    sharesProcess: true,
    sample: () => figures,
    health: () => Promise.resolve(healthOf([])),
    intervalMs: 20,
    logger: log.logger,
    ...changes,
  });
  running.push(reporter);
  return reporter;
}

async function until(check: () => boolean): Promise<void> {
  for (let tries = 0; !check(); tries += 1) {
    if (tries > 4_000) throw new Error('still false');
    await sleep(5);
  }
}

describe('a service that reports about itself', () => {
  it('says how it is at once and again, with the figures of its sample', async () => {
    const log = new Log();
    start(log, { version: '1.2.3', address: 'http://127.0.0.1:4600' });
    await until(() => log.ofType('system.performance').length >= 2);

    expect(log.ofType('system.health_check')[0]?.data).toMatchObject({
      service: 'gateway',
      instance: 'host:1',
      pid: process.pid,
      shares_process: true,
      version: '1.2.3',
      address: 'http://127.0.0.1:4600',
      status: 'healthy',
      interval_ms: 20,
      metrics: { cpu_usage: 0.25, memory_usage: 0.5, active_agents: 0, queue_size: 0 },
    });
    expect(log.ofType('system.resource_usage')[0]?.data).toMatchObject({ memory_rss_bytes: 500, heap_used_bytes: 101 });
    expect(log.ofType('system.performance')[0]?.data).toMatchObject({ window_ms: 50, event_loop_delay_p99_ms: 2 });
  });

  it.each([
    ['says why it is not ready', () => Promise.resolve(healthOf(['kafka: away'])), 'kafka: away'],
    ['throws', () => Promise.reject(new Error('boom')), 'The health check failed: boom'],
    ['never answers', () => new Promise<never>(() => undefined), 'The health check did not answer in time'],
  ])('is unhealthy when its health check %s', async (_name, health, alert) => {
    const log = new Log();
    start(log, { health, healthTimeoutMs: 30 });
    await until(() => log.events.length > 0);
    expect(log.ofType('system.health_check')[0]?.data).toMatchObject({ status: 'unhealthy', alerts: [alert] });
  });

  it('lets no report wait behind another while the brokers are silent, and counts what it left out', async () => {
    const log = new Log();
    const metrics = new Registry();
    log.answer = () => new Promise(() => undefined);
    start(log, { metrics });
    await expect
      .poll(() => metrics.metrics())
      .toMatch(/chorda_self_reports_total\{type="system\.health_check",result="skipped"\} [1-9]/);
    expect(log.sent).toBe(3);
  });

  it('logs one line when publishing begins to fail and one when it works again', async () => {
    const log = new Log();
    log.answer = () => Promise.reject(new Error('no broker'));
    start(log);
    await until(() => log.sent >= 12);
    expect(log.lines).toEqual(['warn Reports about this service cannot be published']);
    log.answer = () => Promise.resolve(place);
    await until(() => log.lines.length === 2);
    expect(log.lines[1]).toBe('info Reports about this service are published again');
  });

  it('survives a sample that throws', async () => {
    const log = new Log();
    let samples = 0;
    start(log, {
      sample: () => {
        samples += 1;
        if (samples === 1) throw new Error('no figures');
        return figures;
      },
    });
    await until(() => log.ofType('system.health_check').length > 0);
    expect(log.lines[0]).toMatch(/^warn/);
  });

  it('says "stopped" as its last word', async () => {
    const log = new Log();
    const reporter = start(log);
    await until(() => log.events.length >= 3);
    await reporter.stop();
    const { length } = log.events;
    expect(log.events.at(-1)).toMatchObject({ data: { status: 'unhealthy', alerts: ['Stopped'] } });
    await sleep(60);
    expect(log.events).toHaveLength(length);
  });

  it('stops in time while the brokers are silent', async () => {
    const log = new Log();
    log.answer = () => new Promise(() => undefined);
    const reporter = start(log);
    const startMs = performance.now();
    await reporter.stop();
    expect(performance.now() - startMs).toBeLessThan(3_000);
  });
});

describe('an alert', () => {
  it('names what happened and where, in words of a bounded length', async () => {
    const log = new Log();
    await start(log).alert({
      severity: 'critical',
      code: 'PARTITION_STOPPED',
      message: 'x'.repeat(5_000),
      topic: 'agent.events',
      partition: 3,
      offset: 12n,
      details: { projection: 'journal' },
    });
    expect(log.ofType('system.error_alert')[0]?.data).toMatchObject({
      service: 'gateway',
      severity: 'critical',
      code: 'PARTITION_STOPPED',
      message: 'x'.repeat(1_000),
      topic: 'agent.events',
      partition: 3,
      offset: 12n,
      details: '{"projection":"journal"}',
    });
  });

  it('resolves although it could not be published', async () => {
    const log = new Log();
    log.answer = () => Promise.reject(new Error('no broker'));
    await expect(start(log).alert({ severity: 'error', code: 'X', message: 'm' })).resolves.toBeUndefined();
  });

  it('is dropped and counted where a hundred wait already', async () => {
    const log = new Log();
    const metrics = new Registry();
    log.answer = () => new Promise(() => undefined);
    const reporter = start(log, { metrics, intervalMs: 60_000 });
    for (let index = 0; index < 150; index += 1) void reporter.alert({ severity: 'error', code: 'X', message: 'm' });
    await sleep(10);
    expect(log.ofType('system.error_alert')).toHaveLength(100);
    expect(await metrics.metrics()).toContain(
      'chorda_self_reports_total{type="system.error_alert",result="dropped"} 50',
    );
  });
});

describe('the operations of a service', () => {
  it('are counted between two reports', () => {
    const recorder = new OperationRecorder();
    for (let index = 1; index <= 100; index += 1) recorder.record('http.request', index, index > 98);
    const [operation] = recorder.take();
    expect(operation).toMatchObject({ name: 'http.request', count: 100, errors: 2 });
    expect(operation?.latency_p50_ms).toBeCloseTo(50, -1);
    expect(operation?.latency_p99_ms).toBeCloseTo(99, -1);
    expect(recorder.take()).toEqual([]);
  });

  it('do not grow with names that are made from data', () => {
    const recorder = new OperationRecorder();
    for (let index = 0; index < 1_000; index += 1) recorder.record(`request ${index}`, 1);
    expect(recorder.take()).toHaveLength(32);
  });
});
