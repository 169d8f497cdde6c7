import type { Issue } from '@chorda/kernel';
import { eventSchemaOf, isEventType } from '../catalogue.js';
import { idBytesMax } from '../checked-id.js';
import type { Event } from '../event.js';
import type { AnyEvent, EventType } from '../event-type.js';
import type { CommandMap } from '../generated/message-map.js';
import { commandCatalogue, type CommandType } from '../message-types.js';
import type { Bounds, EventSchema, FieldShape, FieldType, RecordShape } from '../schema/event-schema.js';
import { eventBytesMax } from '../topics/catalogue.js';
import { formatDecimal, parseDecimal } from './decimal.js';
import { parseTimestamp } from './timestamp.js';

export type ParsedEvent =
  { readonly ok: true; readonly event: AnyEvent } | { readonly ok: false; readonly issues: readonly Issue[] };

/** How deep a payload may be nested, itself counted: past it recursion elsewhere is at risk. */
const depthMax = 32;
/** Enough for a person to mend a payload; a hostile one could break a million rules. */
const issuesMax = 100;
const longMin = -(2n ** 63n);
const longMax = 2n ** 63n - 1n;
const intMin = -(2 ** 31);
const intMax = 2 ** 31 - 1;

export type ParsedCommand<Type extends CommandType> =
  { readonly ok: true; readonly command: CommandMap[Type] } | { readonly ok: false; readonly issues: readonly Issue[] };

/** Reads the payload of a command as {@link parseEventData} reads that of an event. */
export function parseCommandData<Type extends CommandType>(type: Type, json: unknown): ParsedCommand<Type> {
  const { data, issues } = readPayload(commandCatalogue.schemaOf(type), json);
  if (issues.length > 0) return { ok: false, issues };
  const command: Event<string, object> = { type, data };
  if (!isCommandOf(type, command)) throw new TypeError(`${type} is no command`);
  return { ok: true, command };
}

/** What the reader found no fault with has the shape of its schema: that is what the reader is for. */
function isCommandOf<Type extends CommandType>(
  type: Type,
  command: Event<string, object>,
): command is CommandMap[Type] & Event<string, object> {
  return command.type === type;
}

function readPayload(schema: EventSchema, json: unknown): { readonly data: object; readonly issues: readonly Issue[] } {
  const reader = new PayloadReader(subjectsOf(schema));
  return { data: reader.record(schema.shape, json, '', 1, true), issues: reader.issues };
}

/** Reads a payload that came as JSON, strictly; `issues` lists every broken rule with a pointer into the payload. */
export function parseEventData(type: EventType, json: unknown): ParsedEvent {
  const reader = readPayload(eventSchemaOf(type), json);
  const event = { type, data: reader.data };
  return isSound(event, reader.issues) ? { ok: true, event } : { ok: false, issues: reader.issues };
}

/** What the reader found no fault with has the shape of its schema: that is what the reader is for. */
function isSound(event: Event<string, object>, issues: readonly Issue[]): event is AnyEvent {
  return isEventType(event.type) && issues.length === 0;
}

/** Sets made once and not once an event. */
const fieldNames = new WeakMap<RecordShape, ReadonlySet<string>>();
const subjects = new WeakMap<EventSchema, ReadonlySet<string>>();

function namesOf(shape: RecordShape): ReadonlySet<string> {
  let names = fieldNames.get(shape);
  if (!names) fieldNames.set(shape, (names = new Set(shape.fields.map((field) => field.name))));
  return names;
}

function subjectsOf(schema: EventSchema): ReadonlySet<string> {
  let names = subjects.get(schema);
  if (!names) subjects.set(schema, (names = new Set(schema.subject)));
  return names;
}

class PayloadReader {
  readonly issues: Issue[] = [];

  constructor(private readonly subject: ReadonlySet<string>) {}

  record(shape: RecordShape, json: unknown, pointer: string, depth: number, top: boolean): object {
    if (!isObject(json)) return this.refuse(pointer, 'must be an object', {});
    const known = namesOf(shape);
    for (const name of Object.keys(json)) {
      if (!known.has(name)) this.refuse(`${pointer}/${escaped(name)}`, 'is not a field of this event', undefined);
    }
    const record: Record<string, unknown> = {};
    for (const field of shape.fields) {
      const { name } = field;
      const at = `${pointer}/${name}`;
      const value = Object.hasOwn(json, name) ? json[name] : undefined;
      const read = value === undefined ? this.absent(field, at) : this.value(field.type, value, at, depth + 1);
      if (top && value !== undefined && this.subject.has(name) && typeof read === 'string') this.id(read, at);
      record[name] = read;
    }
    return record;
  }

  private absent(field: FieldShape, pointer: string): unknown {
    if (field.default === undefined) return this.refuse(pointer, 'is missing', undefined);
    return this.value(field.type, field.default, pointer, 2);
  }

  private value(type: FieldType, json: unknown, pointer: string, depth: number): unknown {
    switch (type.kind) {
      case 'nullable':
        return json === null ? null : this.value(type.of, json, pointer, depth);
      case 'boolean':
        return typeof json === 'boolean' ? json : this.refuse(pointer, 'must be true or false', false);
      case 'int':
        return this.whole(json, pointer, intMin, intMax, type.bounds);
      case 'long':
        return type.safe
          ? this.whole(json, pointer, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER, type.bounds)
          : this.long(json, pointer, type.bounds);
      case 'float':
      case 'double':
        return this.real(json, pointer, type.bounds);
      case 'string':
        return type.brand ? this.id(this.text(json, pointer), pointer) : this.text(json, pointer);
      case 'json':
        return this.jsonText(json, pointer, depth);
      case 'uuid':
        return this.uuid(json, pointer);
      case 'timestamp':
        return this.timestamp(json, pointer);
      case 'decimal':
        return this.decimal(json, pointer, type.precision, type.scale);
      case 'enum':
        return this.symbol(json, pointer, type.symbols);
      case 'array':
        return this.list(type.items, json, pointer, depth);
      case 'record':
        return this.record(type.record, json, pointer, depth, false);
    }
  }

  private list(items: FieldType, json: unknown, pointer: string, depth: number): unknown {
    if (!Array.isArray(json)) return this.refuse(pointer, 'must be a list', []);
    const list: readonly unknown[] = json;
    const read: unknown[] = [];
    for (const [index, item] of list.entries()) {
      if (this.issues.length >= issuesMax) break;
      read.push(this.value(items, item, `${pointer}/${index}`, depth + 1));
    }
    return read;
  }

  private whole(json: unknown, pointer: string, minimum: number, maximum: number, bounds: Bounds): number {
    if (typeof json !== 'number' || !Number.isInteger(json)) return this.refuse(pointer, 'must be a whole number', 0);
    if (json < minimum || json > maximum) return this.refuse(pointer, `must be ${minimum} to ${maximum}`, 0);
    // JSON has -0, Avro has not.
    return this.within(json === 0 ? 0 : json, pointer, bounds);
  }

  private long(json: unknown, pointer: string, bounds: Bounds): bigint {
    if (typeof json !== 'string' || !/^(0|-?[1-9]\d{0,18})$/.test(json)) {
      return this.refuse(pointer, 'must be a whole number as text, such as "42"', 0n);
    }
    const value = BigInt(json);
    if (value < longMin || value > longMax) return this.refuse(pointer, 'must fit in 64 bits', 0n);
    this.within(Number(value), pointer, bounds);
    return value;
  }

  /** A text with more digits than a double has is the nearest double: many languages write 0.1 with 17 digits. */
  private real(json: unknown, pointer: string, bounds: Bounds): number {
    const value = isRawNumber(json) ? Number(json.rawJSON) : json;
    return typeof value === 'number' && Number.isFinite(value)
      ? this.within(value, pointer, bounds)
      : this.refuse(pointer, 'must be a number', 0);
  }

  private within(value: number, pointer: string, { minimum, maximum }: Bounds): number {
    if (minimum !== undefined && value < minimum) return this.refuse(pointer, `must be at least ${minimum}`, minimum);
    if (maximum !== undefined && value > maximum) return this.refuse(pointer, `must be at most ${maximum}`, maximum);
    return value;
  }

  private text(json: unknown, pointer: string): string {
    if (typeof json !== 'string') return this.refuse(pointer, 'must be a text', '');
    // A lone surrogate would come back as another character, and Postgres has no text with U+0000.
    if (!json.isWellFormed()) return this.refuse(pointer, 'must be well-formed Unicode', '');
    if (json.includes('\0')) return this.refuse(pointer, 'must not hold U+0000', '');
    return this.sized(json, pointer);
  }

  private sized(text: string, pointer: string): string {
    if (Buffer.byteLength(text) <= eventBytesMax) return text;
    return this.refuse(pointer, `must be at most ${eventBytesMax} bytes of UTF-8`, '');
  }

  private id(text: string, pointer: string): string {
    if (text !== '' && Buffer.byteLength(text) <= idBytesMax) return text;
    return this.refuse(pointer, `must be 1 to ${idBytesMax} bytes of UTF-8`, '');
  }

  private jsonText(json: unknown, pointer: string, depth: number): string {
    this.jsonValue(json, pointer, depth);
    if (this.issues.some((issue) => issue.pointer.startsWith(pointer))) return 'null';
    return this.sized(JSON.stringify(json), pointer);
  }

  /** Everything that JSON text can say is welcome, but not what turns against whoever merges objects. */
  private jsonValue(json: unknown, pointer: string, depth: number): void {
    if (this.issues.length >= issuesMax) return;
    if (typeof json === 'string') {
      if (!json.isWellFormed()) this.refuse(pointer, 'must be well-formed Unicode', undefined);
    } else if (typeof json === 'number') {
      if (!Number.isFinite(json)) this.refuse(pointer, 'must be a finite number', undefined);
    } else if (typeof json === 'object' && json !== null) {
      if (isRawNumber(json)) return;
      this.jsonChildren(json, pointer, depth);
    } else if (typeof json !== 'boolean' && json !== null) {
      this.refuse(pointer, 'must be a JSON value', undefined);
    }
  }

  private jsonChildren(json: object, pointer: string, depth: number): void {
    if (depth > depthMax) {
      this.refuse(pointer, `must be nested at most ${depthMax} deep`, undefined);
      return;
    }
    for (const [name, value] of Object.entries(json)) {
      const at = `${pointer}/${escaped(name)}`;
      const pollutes =
        name === '__proto__' || (name === 'constructor' && isObject(value) && Object.hasOwn(value, 'prototype'));
      if (pollutes) this.refuse(at, 'is a name that can change objects of others', undefined);
      else if (!name.isWellFormed()) this.refuse(at, 'must have a name of well-formed Unicode', undefined);
      else this.jsonValue(value, at, depth + 1);
    }
  }

  private uuid(json: unknown, pointer: string): string {
    if (typeof json === 'string' && /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(json))
      return json.toLowerCase();
    return this.refuse(pointer, 'must be a UUID', '');
  }

  private timestamp(json: unknown, pointer: string): number {
    const timeMs = typeof json === 'string' ? parseTimestamp(json) : undefined;
    return timeMs ?? this.refuse(pointer, 'must be an RFC 3339 date-time, such as "2026-11-21T12:00:00.000Z"', 0);
  }

  private decimal(json: unknown, pointer: string, precision: number, scale: number): string {
    const read = parseDecimal(typeof json === 'string' ? json : '', precision, scale);
    return typeof read === 'bigint' ? formatDecimal(read, scale) : this.refuse(pointer, read, '0');
  }

  /** `unknown` is what readers make of symbols that they do not know; nobody has a reason to send it. */
  private symbol(json: unknown, pointer: string, symbols: readonly string[]): string {
    if (typeof json === 'string' && json !== 'unknown' && symbols.includes(json)) return json;
    const allowed = symbols.filter((symbol) => symbol !== 'unknown');
    return this.refuse(pointer, `must be one of ${allowed.join(', ')}`, 'unknown');
  }

  private refuse<Value>(pointer: string, detail: string, instead: Value): Value {
    if (this.issues.length < issuesMax) this.issues.push({ pointer, detail });
    return instead;
  }
}

function isObject(json: unknown): json is Readonly<Record<string, unknown>> {
  return typeof json === 'object' && json !== null && !Array.isArray(json);
}

interface RawNumber {
  readonly rawJSON: string;
}

const { isRawJSON } = JSON as typeof JSON & { isRawJSON(value: unknown): value is RawNumber };

/** What an exact reader of JSON makes of a number that no double holds, so that it is written as it came. */
function isRawNumber(json: unknown): json is RawNumber {
  return typeof json === 'object' && isRawJSON(json);
}

/** A name as a reference token of a JSON pointer; cut, since it comes from outside and ends in messages. */
function escaped(name: string): string {
  return name.slice(0, 128).toWellFormed().replaceAll('~', '~0').replaceAll('/', '~1');
}
