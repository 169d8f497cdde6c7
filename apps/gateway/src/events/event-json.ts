import {
  encodePosition,
  eventDataToJsonText,
  eventTypes,
  formatTimestamp,
  type EventEnvelope,
} from '@chorda/contracts';

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
 * ours; `position` can be given to a read that must have seen this event. 64-bit numbers are decimal strings. It is text
 * from here on, on one line, since values would round the numbers of JSON fields.
 */
export function eventJsonText({ event, metadata }: EventEnvelope, place: EventPlace): string {
  const { decision } = metadata;
  const context = JSON.stringify({
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
    ...(decision?.stream === undefined ? {} : { stream: decision.stream }),
    recordedtime: formatTimestamp(place.recordTimeMs),
    topic: place.topic,
    partition: place.partition,
    offset: place.offset.toString(),
    position: encodePosition([place]),
  });
  return `${context.slice(0, -1)},"data":${eventDataToJsonText(event)}}`;
}
