import { randomFillSync } from 'node:crypto';
import { isSpanContextValid, type Span } from '@opentelemetry/api';
import { newId } from '@chorda/kernel';
import { traceparentPattern } from '../ingest/attributes.js';
import type { RequestIdentity } from './problem.js';

/** What names a request in its answer, in logs and in the events that it writes. */
export interface RequestTrace extends RequestIdentity {
  /** For the records that the request writes: our own span where tracing is on, else the sender's. */
  readonly traceparent: string;
}

const requestIdPattern = /^[\w.:-]{1,128}$/;

/** The sender's own id where it is harmless in headers and logs. */
export function requestIdOf(header: unknown): string {
  return typeof header === 'string' && requestIdPattern.test(header) ? header : newId();
}

/**
 * Without a tracing set-up there is no span of ours: then the sender's trace goes on unchanged, or a fresh one that is
 * not sampled begins, so that every error and every event names a trace.
 */
export function requestTrace(span: Span | undefined, requestId: string, header: unknown): RequestTrace {
  const ours = span?.spanContext();
  if (ours !== undefined && isSpanContextValid(ours)) {
    const flags = ours.traceFlags.toString(16).padStart(2, '0');
    return { requestId, traceId: ours.traceId, traceparent: `00-${ours.traceId}-${ours.spanId}-${flags}` };
  }
  if (typeof header === 'string' && traceparentPattern.test(header)) {
    return { requestId, traceId: header.slice(3, 35), traceparent: header };
  }
  const traceId = randomHex(16);
  return { requestId, traceId, traceparent: `00-${traceId}-${randomHex(8)}-00` };
}

const pool = Buffer.alloc(4096);
let poolAt = pool.length;

/** Drawn ahead: asking the system for each id cost more than all the rest of this file. */
function randomHex(bytes: number): string {
  if (poolAt + bytes > pool.length) {
    randomFillSync(pool);
    poolAt = 0;
  }
  const text = pool.toString('hex', poolAt, poolAt + bytes);
  poolAt += bytes;
  return text;
}
