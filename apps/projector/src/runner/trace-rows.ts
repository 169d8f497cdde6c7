import { ROOT_CONTEXT, SpanKind, trace, TraceFlags, type Context } from '@opentelemetry/api';
import type { Batch } from '@chorda/messaging';

const tracesMax = 100;

/**
 * One span for each trace that has events in a committed batch, from its first statement to its commit, as a child of
 * the request that brought the event: a trace then ends where its row can be read. Made after the commit, so that no
 * trace shows a row that is not there; at most 100 a batch, since one batch may hold 100 requests and more.
 */
export function traceRows(batch: Batch, startMs: number): void {
  const events = new Map<string, { readonly parent: Context; count: number }>();
  for (const { envelope } of batch.messages) {
    const span = spanContextOf(envelope.metadata.traceparent);
    if (!span || (span.traceFlags & TraceFlags.SAMPLED) === 0) continue;
    const known = events.get(span.traceId);
    if (known) known.count++;
    else if (events.size < tracesMax) {
      events.set(span.traceId, { parent: trace.setSpanContext(ROOT_CONTEXT, span), count: 1 });
    }
  }
  const tracer = trace.getTracer('@chorda/projector');
  for (const { parent, count } of events.values()) {
    const attributes = {
      'messaging.destination.name': batch.topic,
      'messaging.destination.partition.id': String(batch.partition),
      'chorda.projection.events': count,
    };
    const span = tracer.startSpan(
      `project ${batch.topic}`,
      { kind: SpanKind.INTERNAL, startTime: startMs, attributes },
      parent,
    );
    span.end();
  }
}

function spanContextOf(traceparent: string | undefined) {
  const match = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/.exec(traceparent ?? '');
  const [, traceId, spanId, flags] = match ?? [];
  if (!traceId || !spanId || !flags) return undefined;
  return { traceId, spanId, traceFlags: Number.parseInt(flags, 16), isRemote: true };
}
