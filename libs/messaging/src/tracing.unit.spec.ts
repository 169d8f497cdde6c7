import { context, propagation, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { IncomingHeaders, OutgoingRecord, Producer } from './port.js';
import { contextOf, traceBatch, withTracing } from './tracing.js';

const spans = new InMemorySpanExporter();
const sent: OutgoingRecord[] = [];
const producer: Producer = {
  send: (record) => {
    sent.push(record);
    return Promise.resolve({ topic: record.topic, partition: 2, offset: 7n });
  },
  close: () => Promise.resolve(),
};
const record: OutgoingRecord = { topic: 'agent.events', key: Buffer.from('k'), value: null, headers: { ce_id: '1' } };
const place = { topic: 'agent.events', partition: 2, group: 'spec' };

beforeAll(() => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter: spans })] }));
});
afterAll(() => {
  trace.disable();
  propagation.disable();
  context.disable();
});
beforeEach(() => {
  spans.reset();
  sent.length = 0;
});

async function sendOne(): Promise<IncomingHeaders> {
  await withTracing(producer).send(record);
  const headers = sent.at(-1)!.headers;
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, Buffer.from(String(value))]));
}

describe('tracing', () => {
  it('puts the context of a span of its own into each record, beside its headers', async () => {
    const headers = await sendOne();
    const [span] = spans.getFinishedSpans();
    expect(String(headers['ce_id'])).toBe('1');
    expect(String(headers['traceparent'])).toContain(span!.spanContext().spanId);
    expect(span!.attributes).toMatchObject({
      'messaging.destination.name': 'agent.events',
      'messaging.kafka.offset': '7',
    });
  });

  it('continues the trace that an event brought with it, where the caller has none', async () => {
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    await withTracing(producer).send({ ...record, headers: { traceparent } });
    expect(String(sent[0]!.headers['traceparent'])).toMatch(
      /^00-0af7651916cd43dd8448eb211c80319c-(?!b7ad6b7169203331)/,
    );
  });

  it('continues the trace of a single record', async () => {
    const headers = await sendOne();
    let inside: string | undefined;
    await traceBatch(
      place,
      1,
      () => [headers],
      async () => {
        inside = trace.getActiveSpan()?.spanContext().traceId;
      },
    );
    const [send, process] = spans.getFinishedSpans();
    expect(process!.spanContext().traceId).toBe(send!.spanContext().traceId);
    expect(process!.parentSpanContext?.spanId).toBe(send!.spanContext().spanId);
    expect(inside).toBe(send!.spanContext().traceId);
  });

  it('links a batch to each of its records, and gives each of them its own context', async () => {
    const all = [await sendOne(), await sendOne()];
    await traceBatch(
      place,
      2,
      () => all,
      () => Promise.resolve(),
    );
    const [first, second, process] = spans.getFinishedSpans();
    const traceIds = [first!, second!].map((span) => span.spanContext().traceId);
    expect(process!.links.map((link) => link.context.traceId)).toEqual(traceIds);
    expect(process!.parentSpanContext).toBeUndefined();
    expect(all.map((headers) => trace.getSpanContext(contextOf(headers))?.traceId)).toEqual(traceIds);
  });

  it('a handler that throws marks its span, and the throw goes on', async () => {
    const failing = traceBatch(
      place,
      0,
      () => [],
      () => Promise.reject(new Error('no table')),
    );
    await expect(failing).rejects.toThrow('no table');
    expect(spans.getFinishedSpans()[0]!.status.code).toBe(2);
  });
});
