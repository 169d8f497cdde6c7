import {
  context,
  propagation,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  type Context,
  type Link,
  type Span,
  type TextMapGetter,
} from '@opentelemetry/api';
import type { IncomingHeaders, OutgoingHeaders, OutgoingRecord, Producer } from './port.js';
import { traceNames } from './trace-names.js';

/** A span a record, from `send` to the acknowledgement; its context goes into the record's headers. */
export function withTracing(producer: Producer): Producer {
  const tracer = trace.getTracer(traceNames.tracer);
  return {
    async send(record) {
      const attributes = { [traceNames.system]: 'kafka', [traceNames.destination]: record.topic };
      const options = { kind: SpanKind.PRODUCER, attributes };
      const span = tracer.startSpan(`send ${record.topic}`, options, parentOf(record));
      // Without an SDK no span records; the caller's headers then go as they are.
      if (!span.isRecording()) return producer.send(record);
      try {
        const place = await producer.send(withContext(record, trace.setSpan(context.active(), span)));
        span.setAttributes({
          [traceNames.partition]: String(place.partition),
          [traceNames.offset]: String(place.offset),
        });
        return place;
      } catch (error) {
        fail(span, error);
        throw error;
      } finally {
        span.end();
      }
    },
    close: () => producer.close(),
  };
}

/** The caller's own span; where it runs in none, the context that came with the event. */
function parentOf(record: OutgoingRecord): Context {
  const active = context.active();
  return trace.getSpan(active) ? active : propagation.extract(active, record.headers, outgoingGetter);
}

const outgoingGetter: TextMapGetter<OutgoingHeaders> = {
  keys: (headers) => Object.keys(headers),
  get: (headers, name) => {
    const value = headers[name];
    return typeof value === 'string' ? value : undefined;
  },
};

function withContext(record: OutgoingRecord, active: Context): OutgoingRecord {
  const carrier: Record<string, string> = {};
  propagation.inject(active, carrier);
  return { ...record, headers: { ...record.headers, ...carrier } };
}

const headerGetter: TextMapGetter<IncomingHeaders> = {
  keys: (headers) => Object.keys(headers),
  get: (headers, name) => {
    const value = headers[name];
    const first = Buffer.isBuffer(value) ? value : value?.[0];
    return first?.toString('utf8');
  },
};

/** The context that a record came with; handlers run what belongs to one record in it by `context.with`. */
export function contextOf(headers: IncomingHeaders): Context {
  return propagation.extract(ROOT_CONTEXT, headers, headerGetter);
}

/**
 * One span for a batch, linked to the context of each of its records. A batch of one continues that record's trace, so
 * that a request can be followed to what came of it.
 */
export async function traceBatch<Answer>(
  of: { readonly topic: string; readonly partition: number; readonly group: string },
  count: number,
  headers: () => readonly IncomingHeaders[],
  handle: () => Promise<Answer>,
): Promise<Answer> {
  const tracer = trace.getTracer(traceNames.tracer);
  const attributes = {
    [traceNames.system]: 'kafka',
    [traceNames.operationName]: 'process',
    [traceNames.operationType]: 'process',
    [traceNames.destination]: of.topic,
    [traceNames.partition]: String(of.partition),
    [traceNames.group]: of.group,
    [traceNames.batchCount]: count,
  };
  const options = { kind: SpanKind.CONSUMER, attributes };
  const parent = count === 1 ? contextOf(headers()[0]!) : ROOT_CONTEXT;
  return tracer.startActiveSpan(`process ${of.topic}`, options, parent, async (span) => {
    try {
      // Reading a header of each record is for nothing where no SDK records.
      if (count > 1 && span.isRecording()) span.addLinks(linksOf(headers()));
      return await handle();
    } catch (error) {
      fail(span, error);
      throw error;
    } finally {
      span.end();
    }
  });
}

function linksOf(headers: readonly IncomingHeaders[]): Link[] {
  return headers.flatMap((each) => {
    if (each['traceparent'] === undefined) return [];
    const linked = trace.getSpanContext(contextOf(each));
    return linked ? [{ context: linked }] : [];
  });
}

function fail(span: Span, error: unknown): void {
  span.recordException(error instanceof Error ? error : String(error));
  span.setStatus({ code: SpanStatusCode.ERROR });
}
