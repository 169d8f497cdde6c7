import { deltaCatalogue, allDeltaTypes, type DeltaEnvelope } from '../message-types.js';
import { encodeHeaders } from './headers.js';
import { RecordCodec, type EncodedEvent, type EncodedRecord, type EventCodecOptions } from './record-codec.js';

/** Deltas to records of `inference.tokens` and back; nothing but deltas is read or written. */
export class DeltaCodec {
  private constructor(private readonly records: RecordCodec) {}

  /**
   * Looks up the id of every current schema.
   *
   * @throws {@link SchemasNotRegisteredError} when one is missing: the message says which command to run.
   * @throws {@link RegistryUnavailableError} when the registry does not answer. Retriable.
   */
  static async connect(options: EventCodecOptions): Promise<DeltaCodec> {
    return new DeltaCodec(await RecordCodec.connect(deltaCatalogue, allDeltaTypes, options));
  }

  /** Never asks a registry; as `EventCodec.offline`. */
  static offline(schemaId?: number): DeltaCodec {
    return new DeltaCodec(RecordCodec.offline(deltaCatalogue, allDeltaTypes, schemaId));
  }

  /** Closes idle connections to the registry. */
  close(): void {
    this.records.close();
  }

  /**
   * @throws {@link InvalidEventError} naming every broken field of the envelope, or the payload's first.
   * @throws {@link EventTooLargeError} for more than 1 MiB of Avro.
   */
  encode({ delta, metadata }: DeltaEnvelope): EncodedRecord {
    return this.records.encode(delta, metadata, (info) => encodeHeaders(info, metadata));
  }

  /**
   * @throws {@link UndecodableRecordError} for a record that nobody will ever read; `reason` says why.
   * @throws {@link WriterSchemaUnknownError} for a schema newer than this build: `learn` it, then decode again.
   */
  decode(record: EncodedEvent): DeltaEnvelope {
    const head = this.records.head(record);
    // The catalogue of deltas decided type and shape when the value was read.
    const delta = this.records.payload(head) as DeltaEnvelope['delta'];
    return { delta, metadata: head.metadata };
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
