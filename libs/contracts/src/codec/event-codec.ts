import type { AnyEvent, EventEnvelope, EventType } from '../event-type.js';
import { allEventTypes, eventCatalogue, isEventType } from '../catalogue.js';
import { registeredVersions } from '../registered/registered-types.js';
import type { Message } from '../type-catalogue.js';
import { UndecodableRecordError } from './errors.js';
import { encodeHeaders } from './headers.js';
import { RecordCodec, type EncodedEvent, type EncodedRecord, type EventCodecOptions } from './record-codec.js';

/** A record whose headers are read; its payload is decoded when somebody asks for it. */
export interface OpenedEvent {
  readonly type: EventType;
  readonly metadata: EventEnvelope['metadata'];
  /** @throws {@link UndecodableRecordError} where the payload is not what its schema says. */
  read(): EventEnvelope;
}

/** Events to Kafka records and back, as {@link RecordCodec} does it. */
export class EventCodec {
  private constructor(private readonly records: RecordCodec) {}

  /**
   * Looks up the id of every current schema.
   *
   * @throws {@link SchemasNotRegisteredError} when one is missing: the message says which command to run.
   * @throws {@link RegistryUnavailableError} when the registry does not answer. Retriable.
   */
  static async connect(options: EventCodecOptions): Promise<EventCodec> {
    return new EventCodec(await RecordCodec.connect(eventCatalogue, allEventTypes, options));
  }

  /**
   * A codec that never asks a registry: it reads what this build or a released one wrote, and learns nothing.
   *
   * @param schemaId Stands in every frame that it writes, so such records are for tests alone. Left out: `encode` throws.
   */
  static offline(schemaId?: number): EventCodec {
    return new EventCodec(RecordCodec.offline(eventCatalogue, allEventTypes, schemaId));
  }

  /**
   * Takes what `addRegisteredTypes` made known: events of these types are read from now on, whatever version wrote them,
   * and written by their newest version.
   *
   * @throws {@link SchemasNotRegisteredError} when the registry lacks a newest version; the others are taken.
   * @throws {@link RegistryUnavailableError} when it does not answer: the types can be read and not yet written. Retriable.
   */
  async adoptRegisteredTypes(types: readonly EventType[]): Promise<void> {
    await this.records.adopt(types, registeredVersions);
  }

  /** Closes idle connections to the registry. */
  close(): void {
    this.records.close();
  }

  /**
   * @throws {@link InvalidEventError} naming every broken field of the envelope, or the payload's first.
   * @throws {@link EventTooLargeError} for more than 1 MiB of Avro.
   */
  encode({ event, metadata }: EventEnvelope): EncodedRecord {
    return this.records.encode(event, metadata, (info) => encodeHeaders(info, metadata));
  }

  /**
   * @throws {@link UndecodableRecordError} for a record that nobody will ever read; `reason` says why.
   * @throws {@link WriterSchemaUnknownError} for a schema newer than this build: `learn` it, then decode again.
   */
  decode(record: EncodedEvent): EventEnvelope {
    return this.open(record).read();
  }

  /**
   * Checks all that `decode` checks, and makes texts and values of it when somebody asks for them: for who looks at few of
   * an event's fields. The envelope holds on to the record's bytes, and its ids are no properties of its own.
   *
   * @throws as {@link decode}.
   */
  decodeOnDemand(record: EncodedEvent): EventEnvelope {
    const { message, metadata } = this.records.onDemand(record);
    return { event: asEvent(message), metadata };
  }

  /**
   * Reads the headers alone, with all their checks: for who looks at most events without asking for their payload. The
   * payload's bytes are kept until then, the record is not.
   *
   * @throws as {@link decode} does for key, headers and schema.
   */
  open(record: EncodedEvent): OpenedEvent {
    const head = this.records.head(record);
    const {
      info: { type },
      metadata,
    } = head;
    if (!isEventType(type)) throw new UndecodableRecordError('unknown_type', `${type} is not in the catalogue`);
    return { type, metadata, read: () => ({ event: asEvent(this.records.payload(head)), metadata }) };
  }

  /**
   * Reads Avro without framing, as the journal keeps it.
   *
   * @param schemaFingerprint The 32 bytes of the writer schema's SHA-256.
   * @throws {@link UndecodableRecordError}
   */
  decodePayload(type: EventType, schemaFingerprint: Buffer, payload: Buffer): AnyEvent {
    return asEvent(this.records.decodePayload(type, schemaFingerprint, payload));
  }

  /**
   * Asks the registry for a schema; at most one request an id at a time.
   *
   * @throws {@link SchemaNotFoundError} when the registry does not have it, also from memory for 30 s.
   * @throws {@link RegistryUnavailableError} when the registry does not answer. Retriable.
   */
  learn(schemaId: number): Promise<void> {
    return this.records.learn(schemaId);
  }
}

/** The schema of the type decided the shape when the value was read. */
function asEvent(message: Message): AnyEvent {
  return message as AnyEvent;
}
