import {
  catalogueTopic,
  EventCodec,
  eventTypes,
  parseEventData,
  parseTimestamp,
  partitionOf,
  subjectOf,
  topicOf,
  type AnyEvent,
  type EventMetadata,
  type EventType,
} from '@chorda/contracts';
import type { OutgoingData } from '@chorda/client';
import { tenantId } from '@chorda/kernel';
import type { Message } from '@chorda/messaging';

/** What a spec may say of an event beside its payload. */
export interface AboutEvent {
  /** Default `default`. */
  readonly tenant?: string;
  /** Where the payload leaves the subject to the sender. Default `somebody`. */
  readonly subject?: string;
  /** RFC 3339. Default: noon of 2026-11-20, one second later for each event of the spec. */
  readonly at?: string;
  readonly source?: string;
  readonly id?: string;
  readonly correlationId?: string;
  /** Of a decision: one of several streams of its subject. */
  readonly stream?: string;
}

export interface SpecEvent {
  readonly event: AnyEvent;
  readonly about: AboutEvent;
}

/**
 * An event as its sender would write it.
 *
 * @throws TypeError naming each field of the payload that breaks its schema.
 */
export function event<Type extends EventType>(type: Type, data: OutgoingData<Type>, about: AboutEvent = {}): SpecEvent {
  const json: unknown = JSON.parse(
    JSON.stringify(data, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value)),
  );
  const parsed = parseEventData(type, json);
  if (parsed.ok) return { event: parsed.event, about };
  throw new TypeError(`${type}: ${parsed.issues.map(({ pointer, detail }) => `${pointer} ${detail}`).join('; ')}`);
}

const codec = EventCodec.offline(1);
const noonMs = Date.UTC(2026, 10, 20, 12);

/** Offsets of one partition lie this far apart, as on a log whose repeats were written in between. */
export const offsetStep = 10n;

/**
 * The events as the log has them: bytes and headers by the real codec, the partition by the real partitioner, decisions
 * with the versions of their streams.
 */
export function writeLog(events: readonly SpecEvent[]): readonly Message[] {
  const counts = new Map<string, bigint>();
  const next = (of: string) => {
    const count = (counts.get(of) ?? -1n) + 1n;
    counts.set(of, count);
    return count;
  };
  return events.map(({ event: fact, about }, index) => {
    const topic = topicOf(fact);
    const metadata = metadataOf(fact, about, index);
    const stream = `${topic} ${metadata.tenantId} ${about.stream ?? metadata.subject}`;
    const isDecision = eventTypes[fact.type].kind === 'decision';
    const named = about.stream === undefined ? {} : { stream: about.stream };
    const decision = isDecision ? { decision: { streamVersion: next(stream) + 1n, ...named } } : {};
    const { key, value, headers } = codec.encode({ event: fact, metadata: { ...metadata, ...decision } });
    const partition = partitionOf(key, catalogueTopic(topic)?.partitions ?? 1);
    return asMessage({
      topic,
      partition,
      offset: next(`${topic}/${partition}`) * offsetStep,
      key,
      value,
      headers: Object.fromEntries(Object.entries(headers).map(([name, text]) => [name, Buffer.from(text)])),
      timestampMs: metadata.timeMs,
    });
  });
}

/** The same record at another offset: sent once more by a sender that never saw the answer. */
export function sentAgain({ record }: Message): Message {
  return asMessage({ ...record, offset: record.offset + offsetStep / 2n });
}

function asMessage(record: Message['record']): Message {
  const envelope = codec.decode(record);
  const { topic, partition, offset } = record;
  return { record, envelope, event: envelope.event, origin: { topic, partition, offset } };
}

function metadataOf(fact: AnyEvent, about: AboutEvent, index: number): EventMetadata {
  const timeMs = about.at === undefined ? noonMs + index * 1_000 : parseTimestamp(about.at);
  if (timeMs === undefined) throw new TypeError(`at: ${about.at} is no RFC 3339 time`);
  return {
    id: about.id ?? `event-${index}`,
    source: about.source ?? '/spec',
    subject: subjectOf(fact) ?? about.subject ?? 'somebody',
    tenantId: tenantId(about.tenant ?? 'default'),
    timeMs,
    correlationId: about.correlationId ?? 'correlation',
  };
}
