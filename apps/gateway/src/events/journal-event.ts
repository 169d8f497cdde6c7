import { isEventType, type EventCodec, type EventEnvelope } from '@chorda/contracts';
import type { JournalEntry } from '@chorda/read-models';

/** A row of the journal, decoded by the schema that wrote it. */
export function envelopeOf(entry: JournalEntry, codec: EventCodec): EventEnvelope {
  if (!isEventType(entry.type))
    throw new TypeError(`The journal holds ${entry.type}, which this version does not know`);
  return {
    event: codec.decodePayload(entry.type, entry.schemaFingerprint, entry.payload),
    metadata: {
      id: entry.eventId,
      source: entry.source,
      subject: entry.subject,
      tenantId: entry.tenantId,
      timeMs: entry.eventTimeMs,
      correlationId: entry.correlationId,
      ...(entry.causationId === undefined ? {} : { causationId: entry.causationId }),
      ...(entry.traceparent === undefined ? {} : { traceparent: entry.traceparent }),
      ...(entry.streamVersion !== undefined && {
        decision: {
          streamVersion: entry.streamVersion,
          ...(entry.stream !== undefined && { stream: entry.stream }),
        },
      }),
    },
  };
}
