import { Writable } from 'node:stream';
import { context, trace } from '@opentelemetry/api';
import { afterEach, describe, expect, it } from 'vitest';
import { createApiKey } from '../access/api-key.js';
import { startTracing, type Tracing } from '../tracing/start-tracing.js';
import { createLogger } from './create-logger.js';
import { nestLogger } from './nest-logger.js';

function capture(level: 'debug' | 'info' = 'info') {
  const chunks: string[] = [];
  const destination = new Writable({
    write: (chunk: Buffer, _, done) => {
      chunks.push(chunk.toString());
      done();
    },
  });
  const logger = createLogger({ service: 'spec', version: '1', instance: 'i', level, destination });
  const text = () => chunks.join('');
  const lines = (): Record<string, unknown>[] =>
    text()
      .split('\n')
      .filter((line) => line !== '')
      .map((line): Record<string, unknown> => JSON.parse(line));
  return { logger, text, lines };
}

describe('a log line', () => {
  let tracing: Tracing | undefined;

  afterEach(async () => {
    await tracing?.stop();
    tracing = undefined;
  });

  it('is JSON with the names of OpenTelemetry', () => {
    const { logger, lines } = capture();
    logger.child({ topic: 't' }).info('Hello', { event_id: 'e', offset: 5n });
    expect(lines()).toEqual([
      {
        timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
        level: 'info',
        message: 'Hello',
        topic: 't',
        event_id: 'e',
        offset: '5',
        'service.name': 'spec',
        'service.version': '1',
        'service.instance.id': 'i',
      },
    ]);
  });

  it('is one line whatever is in it, and no field passes for another', () => {
    const { logger, lines } = capture();
    logger.info('a\r\n{"level":"error"}', { level: 'error', note: 'b\nc', 'service.name': 'other' });
    expect(lines()).toHaveLength(1);
    expect(lines()[0]).toMatchObject({ level: 'info', 'field.level': 'error', 'service.name': 'spec', note: 'b\nc' });
  });

  it('carries the trace that it was written in', () => {
    tracing = startTracing({ service: 'spec' });
    const { logger, lines } = capture();
    const span = trace.getTracer('spec').startSpan('work');
    context.with(trace.setSpan(context.active(), span), () => logger.info('inside'));
    const { traceId, spanId } = span.spanContext();
    expect(lines()[0]).toMatchObject({ trace_id: traceId, span_id: spanId });
  });

  it('says what an error was, with its code and causes', () => {
    const { logger, lines } = capture();
    const cause = new Error('the disk is full');
    logger.error('Failed', { error: Object.assign(new TypeError('no', { cause }), { code: 'X1' }) });
    expect(lines()[0]).toMatchObject({
      'error.type': 'TypeError',
      'error.code': 'X1',
      'error.message': 'no',
      'error.cause': 'Error: the disk is full',
    });
  });

  it('holds no secret, by key or by what it looks like', () => {
    const { logger, text } = capture();
    const key = createApiKey();
    const secret = key.text.slice(-49);
    logger.error(`Refused ${key.text}`, {
      authorization: 's3cret',
      nested: { password: 's3cret', list: [{ apiKey: 's3cret' }] },
      header: 'Bearer s3cret.s3cret',
      url: 'postgres://user:s3cret@db/chorda',
      note: `key=${key.text}; password=s3cret`,
      error: new Error(`connect postgres://user:s3cret@db failed for ${key.text}`),
      pem: '-----BEGIN PRIVATE KEY-----\ns3cret\n-----END PRIVATE KEY-----',
      payload: { patient: 's3cret' },
    });
    expect(text()).not.toContain('s3cret');
    expect(text()).not.toContain(secret);
    expect(text()).toContain(`chd_${key.keyId}_[redacted]`);
  });

  it('keeps counts that are named like secrets', () => {
    const { logger, lines } = capture();
    logger.info('Used', { input_tokens: 12 });
    expect(lines()[0]).toMatchObject({ input_tokens: 12 });
  });

  it('is bounded, and nothing that is logged can throw', () => {
    const { logger, lines } = capture();
    const circle: Record<string, unknown> = { big: 'x'.repeat(100_000), when: new Date(Number.NaN) };
    circle['self'] = circle;
    logger.info('Circle', { circle, call: () => 1, bytes: Buffer.alloc(10) });
    expect(JSON.stringify(lines()[0]).length).toBeLessThan(80_000);
    expect(lines()[0]).toMatchObject({ bytes: '[10 bytes]', call: '[function]' });
  });

  it('of Nest comes through at its level', () => {
    const { logger, lines } = capture();
    const nest = nestLogger(logger);
    nest.log('Mapped a route', 'Router');
    nest.error('Broken', 'Error: x\n    at y', 'Context');
    expect(lines()).toHaveLength(1);
    expect(lines()[0]).toMatchObject({ level: 'error', message: 'Broken', context: 'Context' });
  });
});
