import { InvalidInputError, type Issue, type JsonValue } from '@chorda/kernel';
import { fullName, isAvroObject, isList, type AvroJson, type AvroObject } from './avro.js';

/** A type of the subset of Avro that event schemas may use; `docs/how-to/add-an-event-type.md` says why each limit is there. */
export type FieldType =
  | { readonly kind: 'boolean' }
  | { readonly kind: 'int' | 'float' | 'double'; readonly bounds: Bounds }
  /** `safe`: a number of at most 2^53-1 everywhere; else a bigint, and a decimal string in JSON. */
  | { readonly kind: 'long'; readonly safe: boolean; readonly bounds: Bounds }
  | { readonly kind: 'string'; readonly brand: string | undefined }
  /** Any JSON value, kept as its text. */
  | { readonly kind: 'json' }
  | { readonly kind: 'uuid'; readonly brand: string | undefined }
  /** Milliseconds since the epoch as a number; RFC 3339 text in JSON. */
  | { readonly kind: 'timestamp' }
  /** Decimal text, exact, in code and in JSON. */
  | { readonly kind: 'decimal'; readonly precision: number; readonly scale: number }
  | { readonly kind: 'enum'; readonly name: string; readonly doc: string; readonly symbols: readonly string[] }
  | { readonly kind: 'array'; readonly items: FieldType }
  | { readonly kind: 'record'; readonly record: RecordShape }
  | { readonly kind: 'nullable'; readonly of: FieldType };

export interface Bounds {
  readonly minimum?: number;
  readonly maximum?: number;
}

export interface RecordShape {
  /** Name without namespace, as the TypeScript type has it. */
  readonly name: string;
  readonly doc: string;
  readonly fields: readonly FieldShape[];
}

export interface FieldShape {
  readonly name: string;
  readonly doc: string;
  /** Personal data: encrypted per subject once erasure lands. */
  readonly personal: boolean;
  readonly type: FieldType;
  /** Undefined: the field must be given. */
  readonly default: JsonValue | undefined;
}

/**
 * What a record on the log is: a fact has happened and a decision was made, so both are events; a command is what somebody
 * asks for, and work is what an executor is to do. A delta is a part of an answer as it comes, for showing it at once: the
 * event that follows says all that it said.
 */
export const messageKinds = ['fact', 'decision', 'command', 'work', 'delta'] as const;
export type MessageKind = (typeof messageKinds)[number];

/** One schema file, understood: everything that is known of a type comes from here. */
export interface EventSchema {
  readonly type: string;
  readonly record: string;
  readonly area: string;
  readonly kind: MessageKind;
  /** From the catalogue; `{field}` stands for the value of an enum field. */
  readonly topic: string;
  /** The first of these fields that is not null is the event's subject; with all null the sender's own is. */
  readonly subject: readonly string[];
  /** Of a decision: the request that may lead to it; of a command: the one that gives it, if people may. */
  readonly command: string | undefined;
  readonly shape: RecordShape;
  readonly avro: AvroObject;
}

/** `workflow.step_completed` for record `StepCompleted` in area `workflow`. */
export function eventTypeName(area: string, name: string): string {
  return `${area}.${name.replace(/(?<!^)([A-Z])/g, '_$1').toLowerCase()}`;
}

/**
 * Reads a schema file.
 *
 * @throws {@link InvalidInputError} listing every rule that the schema breaks, with JSON pointers into the file.
 */
export function readEventSchema(avro: AvroJson, what = 'Event schema'): EventSchema {
  const reader = new SchemaReader();
  const schema = reader.event(avro);
  if (reader.issues.length > 0) throw new InvalidInputError(what, reader.issues);
  return schema;
}

const snakeCase = /^[a-z][a-z0-9]*(_[a-z0-9]+)*$/;
const pascalCase = /^[A-Z][A-Za-z0-9]*(_[0-9][A-Za-z0-9]*)*$/;

class SchemaReader {
  readonly issues: Issue[] = [];
  private readonly named = new Map<string, FieldType>();

  event(avro: AvroJson): EventSchema {
    const object = this.object(avro, '');
    const area = this.text(object, 'namespace', '');
    const name = this.text(object, 'name', '');
    this.check(snakeCase.test(area), '/namespace', 'must be the area in snake_case');
    const shape = this.record(object, '', area);
    const kind = messageKinds.find((known) => known === object['kind']) ?? 'fact';
    this.check(object['kind'] === kind, '/kind', 'must be "fact", "decision", "command", "work" or "delta"');
    const command = typeof object['command'] === 'string' ? object['command'] : undefined;
    const isRight = kind === 'command' || (kind === 'decision') === (command !== undefined);
    this.check(isRight, '/command', 'a decision names one, a command may, no other kind has any');
    const subject = isList(object['subject']) ? object['subject'].map(String) : [];
    // What another team registered may leave the subject to its senders.
    const isOpen = subject.length > 0 || area === 'external';
    this.check(isOpen, '/subject', 'must name the fields that the subject is taken from');
    for (const field of subject) this.check(hasText(shape, field), '/subject', `${field} is no string field`);
    const topic = this.text(object, 'topic', '');
    return {
      type: eventTypeName(area, name),
      record: fullName(name, area),
      area,
      kind,
      topic,
      subject,
      command,
      shape,
      avro: object,
    };
  }

  private record(object: AvroObject, pointer: string, namespace: string): RecordShape {
    this.check(object['type'] === 'record', `${pointer}/type`, 'must be "record"');
    const name = this.text(object, 'name', pointer);
    this.check(pascalCase.test(name), `${pointer}/name`, 'must be PascalCase');
    const list = isList(object['fields']) ? object['fields'] : [];
    this.check(list.length > 0, `${pointer}/fields`, 'must hold at least one field');
    const fields = list.map((field, index) => this.field(field, `${pointer}/fields/${index}`, namespace));
    const names = new Set(fields.map((field) => field.name));
    this.check(names.size === fields.length, `${pointer}/fields`, 'a name comes twice');
    return { name, doc: this.text(object, 'doc', pointer), fields };
  }

  private field(json: JsonValue, pointer: string, namespace: string): FieldShape {
    const object = this.object(json, pointer);
    const name = this.text(object, 'name', pointer);
    this.check(snakeCase.test(name), `${pointer}/name`, 'must be snake_case');
    const type = this.type(object['type'], `${pointer}/type`, namespace);
    if (type.kind === 'nullable') {
      this.check(object['default'] === null, `${pointer}/default`, 'must be null for a nullable field');
    }
    // Apicurio 3.3 refuses a schema with the text "{}" as a default, and null says as much.
    const plain = type.kind !== 'json' || object['default'] === undefined;
    this.check(plain, `${pointer}/default`, 'a JSON field is required, or nullable with default null');
    return {
      name,
      doc: this.text(object, 'doc', pointer),
      personal: object['personal'] === true,
      type,
      default: object['default'],
    };
  }

  private type(json: JsonValue | undefined, pointer: string, namespace: string): FieldType {
    if (isList(json)) {
      const [first, second] = json;
      this.check(json.length === 2 && first === 'null', pointer, 'the only unions are ["null", T]');
      const of = this.type(second, `${pointer}/1`, namespace);
      this.check(of.kind !== 'nullable', `${pointer}/1`, 'a union in a union');
      return { kind: 'nullable', of };
    }
    if (typeof json === 'string') {
      return this.named.get(fullName(json, namespace)) ?? this.simple({ type: json }, pointer);
    }
    const object = this.object(json, pointer);
    switch (object['type']) {
      case 'array':
        return { kind: 'array', items: this.type(object['items'], `${pointer}/items`, namespace) };
      case 'record':
        return this.define(object, namespace, { kind: 'record', record: this.record(object, pointer, namespace) });
      case 'enum':
        return this.define(object, namespace, this.enumeration(object, pointer));
      default:
        return this.simple(object, pointer);
    }
  }

  private define(object: AvroObject, namespace: string, type: FieldType): FieldType {
    this.named.set(fullName(String(object['name']), namespace), type);
    return type;
  }

  private enumeration(object: AvroObject, pointer: string): FieldType {
    const symbols = isList(object['symbols']) ? object['symbols'].map(String) : [];
    const tolerant = object['default'] === 'unknown' && symbols.includes('unknown');
    this.check(tolerant, `${pointer}/default`, 'an enum has the symbol and the enum-level default "unknown"');
    const name = this.text(object, 'name', pointer);
    this.check(pascalCase.test(name), `${pointer}/name`, 'must be PascalCase');
    return { kind: 'enum', name, doc: this.text(object, 'doc', pointer), symbols };
  }

  private simple(object: AvroObject, pointer: string): FieldType {
    const { type, logicalType } = object;
    const brand = typeof object['brand'] === 'string' ? object['brand'] : undefined;
    if (type === 'string' && logicalType === 'uuid') return { kind: 'uuid', brand };
    if (type === 'long' && logicalType === 'timestamp-millis') return { kind: 'timestamp' };
    if (type === 'bytes' && logicalType === 'decimal') return this.decimal(object, pointer);
    this.check(logicalType === undefined, `${pointer}/logicalType`, 'must be timestamp-millis, uuid or decimal');
    switch (type) {
      case 'boolean':
        return { kind: 'boolean' };
      case 'string':
        return object['json'] === true ? { kind: 'json' } : { kind: 'string', brand };
      case 'int':
      case 'float':
      case 'double':
        return { kind: type, bounds: bounds(object) };
      case 'long':
        return { kind: 'long', safe: object['range'] === 'safe', bounds: bounds(object) };
      default:
        // Maps invite keys like __proto__ and are no list of what may be there; plain bytes have no JSON form.
        this.issues.push({ pointer, detail: `${JSON.stringify(type)} is not a type that events may use` });
        return { kind: 'boolean' };
    }
  }

  private decimal(object: AvroObject, pointer: string): FieldType {
    const { precision, scale } = object;
    const right = typeof precision === 'number' && typeof scale === 'number' && scale >= 0 && scale <= precision;
    this.check(right && precision <= 38, pointer, 'a decimal has a precision of at most 38 and a scale within it');
    return { kind: 'decimal', precision: Number(precision), scale: Number(scale) };
  }

  private object(json: JsonValue | undefined, pointer: string): AvroObject {
    if (isAvroObject(json)) return json;
    this.issues.push({ pointer, detail: 'must be an object' });
    return {};
  }

  private text(object: AvroObject, key: string, pointer: string): string {
    const value = object[key];
    if (typeof value === 'string' && value.trim() !== '') return value;
    this.issues.push({ pointer: `${pointer}/${key}`, detail: 'must be a text that is not empty' });
    return '';
  }

  private check(holds: boolean, pointer: string, detail: string): void {
    if (!holds) this.issues.push({ pointer, detail });
  }
}

function bounds(object: AvroObject): Bounds {
  const { minimum, maximum } = object;
  return {
    ...(typeof minimum === 'number' ? { minimum } : {}),
    ...(typeof maximum === 'number' ? { maximum } : {}),
  };
}

function hasText(shape: RecordShape, name: string): boolean {
  const type = shape.fields.find((field) => field.name === name)?.type;
  return (type?.kind === 'nullable' ? type.of : type)?.kind === 'string';
}
