import { encodePosition, eventDataToJson, eventTypes, formatTimestamp, type EventEnvelope } from '@chorda/contracts';
import type { JsonValue } from '@chorda/kernel';

/** Where an event stands in the log, and since when. */
export interface EventPlace {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
  /** Milliseconds since the epoch, as the broker keeps it. */
  readonly recordTimeMs: number;
}

/**
 * An event as every read shows it: a CloudEvent in the JSON format. Beside the standard attributes stand those of
 * ours; `position` can be given to a read that must have seen this event. 64-bit numbers are decimal strings.
 */
export function eventJson({ event, metadata }: EventEnvelope, place: EventPlace): Readonly<Record<string, JsonValue>> {
  const { decision } = metadata;
  return {
    specversion: '1.0',
    id: metadata.id,
    source: metadata.source,
    type: event.type,
    subject: metadata.subject,
    time: formatTimestamp(metadata.timeMs),
    datacontenttype: 'application/json',
    dataschema: eventTypes[event.type].dataSchema,
    tenantid: metadata.tenantId,
    correlationid: metadata.correlationId,
    ...(metadata.causationId === undefined ? {} : { causationid: metadata.causationId }),
    ...(metadata.traceparent === undefined ? {} : { traceparent: metadata.traceparent }),
    ...(decision?.streamVersion === undefined ? {} : { streamversion: decision.streamVersion.toString() }),
    recordedtime: formatTimestamp(place.recordTimeMs),
    topic: place.topic,
    partition: place.partition,
    offset: place.offset.toString(),
    position: encodePosition([place]),
    data: eventDataToJson(event),
  };
}
