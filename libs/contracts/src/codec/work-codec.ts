import { workCatalogue, allWorkTypes, type WorkEnvelope } from '../message-types.js';
import { encodeHeaders } from './headers.js';
import { RecordCodec, type EncodedEvent, type EncodedRecord, type EventCodecOptions } from './record-codec.js';

/** Work to records of `agent.work.<queue>` and back; nothing but work is read or written. */
export class WorkCodec {
  private constructor(private readonly records: RecordCodec) {}

  /**
   * Looks up the id of every current schema.
   *
   * @throws {@link SchemasNotRegisteredError} when one is missing: the message says which command to run.
   * @throws {@link RegistryUnavailableError} when the registry does not answer. Retriable.
   */
  static async connect(options: EventCodecOptions): Promise<WorkCodec> {
    return new WorkCodec(await RecordCodec.connect(workCatalogue, allWorkTypes, options));
  }

  /** Never asks a registry; as `EventCodec.offline`. */
  static offline(schemaId?: number): WorkCodec {
    return new WorkCodec(RecordCodec.offline(workCatalogue, allWorkTypes, schemaId));
  }

  /** Closes idle connections to the registry. */
  close(): void {
    this.records.close();
  }

  /**
   * @throws {@link InvalidEventError} naming every broken field of the envelope, or the payload's first.
   * @throws {@link EventTooLargeError} for more than 1 MiB of Avro.
   */
  encode({ work, metadata }: WorkEnvelope): EncodedRecord {
    return this.records.encode(work, metadata, (info) => encodeHeaders(info, metadata));
  }

  /**
   * @throws {@link UndecodableRecordError} for a record that nobody will ever read; `reason` says why.
   * @throws {@link WriterSchemaUnknownError} for a schema newer than this build: `learn` it, then decode again.
   */
  decode(record: EncodedEvent): WorkEnvelope {
    const head = this.records.head(record);
    // The catalogue of work decided type and shape when the value was read.
    const work = this.records.payload(head) as WorkEnvelope['work'];
    return { work, metadata: head.metadata };
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
