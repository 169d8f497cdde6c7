import type { Resolver, Type } from 'avsc';
import { isAvroObject, type AvroJson } from '../schema/avro.js';
import { dataSchemaUrn, schemaFingerprint } from '../schema/canonical.js';
import { infoOf, type Message, type TypeCatalogue } from '../type-catalogue.js';
import { AvroFault, compileScan, type Scan } from './avro-scan.js';
import { avroType } from './avro-type.js';
import { UndecodableRecordError } from './errors.js';

/** Schemas learned from the registry that are kept; the oldest goes first. */
const learnedMax = 1000;

interface CompiledReader {
  readonly scan: Scan;
  readonly resolver: Resolver | undefined;
  /** Where the last scan found the fields that may be the subject: start and end of each, -1 where it is null. */
  readonly subjects: Int32Array;
}

/** One way of writing a type, and how to read it as the type is now. */
export class WriterSchema {
  private compiled: CompiledReader | undefined;

  constructor(
    private readonly catalogue: TypeCatalogue,
    /** Undefined: a record that is no type of this build. */
    readonly type: string | undefined,
    readonly record: string,
    readonly fingerprint: string,
    private readonly avro: AvroJson,
    private readonly reader: () => Type,
  ) {}

  /**
   * Reads bytes [start, end) as the type is now.
   *
   * @throws {@link UndecodableRecordError} naming the field and the rule.
   */
  read(type: string, bytes: Buffer, start: number, end: number): Message {
    this.check(type, bytes, start, end);
    return { type, data: this.decode(type, bytes, start) };
  }

  /**
   * Whether bytes [start, end) can be read as the type is now: all of it, so that `decode` fails for none of them.
   *
   * @returns Where the text is that names the subject; undefined where all fields that may do so are null.
   * @throws {@link UndecodableRecordError} naming the field and the rule.
   */
  check(type: string, bytes: Buffer, start: number, end: number): BytesRange | undefined {
    const { scan, subjects } = (this.compiled ??= this.compile(type));
    try {
      scan(bytes, start, end, subjects);
    } catch (error) {
      if (error instanceof AvroFault)
        throw new UndecodableRecordError(error.reason, `${error.pointer || '/'} ${error.rule}`);
      throw error;
    }
    for (let at = 0; at < subjects.length; at += 2) {
      const first = subjects[at] ?? -1;
      if (first >= 0) return { start: first, end: subjects[at + 1] ?? first };
    }
    return undefined;
  }

  /** What `check` has passed. */
  decode(type: string, bytes: Buffer, start: number): Message['data'] {
    const { resolver } = (this.compiled ??= this.compile(type));
    // avsc reads the value by the schema of the type, which is a record.
    const { value }: { readonly value: Message['data'] } = this.reader().decode(bytes, start, resolver);
    return value;
  }

  /** Scan and resolver are made at the first record that needs them: most released versions are never met. */
  private compile(type: string): CompiledReader {
    try {
      const info = infoOf(this.catalogue, type);
      const options = { checksJson: true, marked: info.subject } as const;
      const scan = compileScan(this.avro, this.catalogue.schemaOf(type).shape, options);
      const same = this.fingerprint === info.schemaFingerprint;
      const resolver = same ? undefined : this.reader().createResolver(avroType(this.avro));
      return { scan, resolver, subjects: new Int32Array(info.subject.length * 2) };
    } catch (error) {
      const detail = `schema ${this.fingerprint} cannot be read as ${type}`;
      throw new UndecodableRecordError('incompatible_schema', detail, { cause: error });
    }
  }
}

export interface BytesRange {
  readonly start: number;
  readonly end: number;
}

/** Every schema that a record may have been written with: this build's, the released ones, and what was learned. */
export class WriterSchemas {
  private readonly readers = new Map<string, Type>();
  private readonly byUrn = new Map<string, WriterSchema>();
  private readonly byFingerprint = new Map<string, WriterSchema>();
  private readonly learned = new Map<number, WriterSchema>();
  private readonly typesByRecord = new Map<string, string>();

  constructor(private readonly catalogue: TypeCatalogue) {
    for (const { type, record, schemaFingerprint: fingerprint } of Object.values(catalogue.infos)) {
      this.typesByRecord.set(record, type);
      this.add(this.writer(type, record, fingerprint, this.currentOf(type)));
    }
    for (const { type, avro } of catalogue.released) {
      const schema: AvroJson = JSON.parse(avro);
      this.add(this.writer(type, infoOf(catalogue, type).record, schemaFingerprint(schema), schema));
    }
  }

  /** avsc's type of the current schema, made when first needed. */
  readerOf(type: string): Type {
    let reader = this.readers.get(type);
    if (!reader) {
      reader = avroType(this.currentOf(type));
      this.readers.set(type, reader);
    }
    return reader;
  }

  /** The schema that the type is written with. @throws TypeError for a type that the catalogue does not have. */
  currentOf(type: string): AvroJson {
    const text = this.catalogue.schemas[type];
    if (text === undefined) throw new TypeError(`${type} is not in the catalogue`);
    const avro: AvroJson = JSON.parse(text);
    return avro;
  }

  /** Takes the versions of a registered type, which may have more since it was taken last. */
  adopt(type: string, versions: readonly AvroJson[]): void {
    const { record, schemaFingerprint: current } = infoOf(this.catalogue, type);
    this.typesByRecord.set(record, type);
    this.readers.delete(type);
    for (const avro of versions) {
      const fingerprint = schemaFingerprint(avro);
      const text: AvroJson = fingerprint === current ? this.currentOf(type) : avro;
      // Made anew also where it is known: it resolved to what the type was before.
      this.put(this.writer(type, record, fingerprint, text));
    }
  }

  byDataSchema(urn: string): WriterSchema | undefined {
    return this.byUrn.get(urn);
  }

  /** Lower case hex SHA-256 of the canonical schema. */
  byFingerprintOf(record: string, fingerprint: string): WriterSchema | undefined {
    return this.byFingerprint.get(`${record}:${fingerprint}`);
  }

  byRegistryId(id: number): WriterSchema | undefined {
    return this.learned.get(id);
  }

  /** @throws TypeError when the text is no Avro record. */
  learn(id: number, avro: AvroJson): void {
    if (!isAvroObject(avro) || typeof avro['name'] !== 'string') throw new TypeError('Not an Avro record');
    const namespace = typeof avro['namespace'] === 'string' ? `${avro['namespace']}.` : '';
    const record = avro['name'].includes('.') ? avro['name'] : `${namespace}${avro['name']}`;
    const writer = this.writer(this.typesByRecord.get(record), record, schemaFingerprint(avro), avro);
    const oldest = this.learned.keys().next().value;
    if (this.learned.size >= learnedMax && oldest !== undefined) this.forget(oldest);
    this.learned.set(id, writer);
    // The registry says which schema has an id; only its fingerprint says that it is the one a header names.
    if (!this.byDataSchema(dataSchemaUrn(record, writer.fingerprint))) this.add(writer);
  }

  private forget(id: number): void {
    const writer = this.learned.get(id);
    this.learned.delete(id);
    if (!writer || this.byDataSchema(dataSchemaUrn(writer.record, writer.fingerprint)) !== writer) return;
    this.byUrn.delete(dataSchemaUrn(writer.record, writer.fingerprint));
    this.byFingerprint.delete(`${writer.record}:${writer.fingerprint}`);
  }

  private writer(type: string | undefined, record: string, fingerprint: string, avro: AvroJson): WriterSchema {
    const reader = (): Type => {
      if (!type) throw new UndecodableRecordError('unknown_type', `${record} is no type of this build`);
      return this.readerOf(type);
    };
    return new WriterSchema(this.catalogue, type, record, fingerprint, avro, reader);
  }

  private add(writer: WriterSchema): void {
    const urn = dataSchemaUrn(writer.record, writer.fingerprint);
    // The current schema knows its ranges, its released copy only its bytes: the first one stays.
    if (!this.byUrn.has(urn)) this.put(writer);
  }

  private put(writer: WriterSchema): void {
    this.byUrn.set(dataSchemaUrn(writer.record, writer.fingerprint), writer);
    this.byFingerprint.set(`${writer.record}:${writer.fingerprint}`, writer);
  }
}
