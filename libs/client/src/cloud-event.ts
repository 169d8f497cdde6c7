import type { EventData, EventDefaults, EventType, JsonText, JsonValue, TimestampMs } from '@chorda/contracts';

/**
 * A payload as HTTP answers it, made from the type of its schema: 64-bit numbers as decimal text, timestamps as
 * RFC 3339 text, JSON texts as the values that they say, ids as plain text.
 */
export type ReceivedData<Type extends EventType> = Received<EventData<Type>>;

/** A payload as HTTP takes it: as it is received, and what has a default in its schema may be left out. */
export type OutgoingData<Type extends EventType> = Outgoing<EventData<Type>, EventDefaults[Type]>;

type Received<T> = T extends JsonText
  ? JsonValue
  : T extends string
    ? PlainText<T>
    : T extends bigint
      ? string
      : T extends number
        ? TimestampOr<T, string, number>
        : T extends readonly (infer Item)[]
          ? readonly Received<Item>[]
          : T extends object
            ? { readonly [Field in keyof T]: Received<T[Field]> }
            : T;

/** `Defaulted`: paths of fields that may be left out. */
type Outgoing<T, Defaulted extends string> = T extends JsonText
  ? JsonValue
  : T extends string
    ? Exclude<PlainText<T>, 'unknown'> // What readers make of a symbol that they do not know; nobody sends it.
    : T extends bigint
      ? bigint | string
      : T extends number
        ? TimestampOr<T, Date | string, number>
        : T extends readonly (infer Item)[]
          ? readonly Outgoing<Item, Defaulted>[]
          : T extends object
            ? OutgoingRecord<T, Defaulted>
            : T;

type OutgoingRecord<T extends object, Defaulted extends string> = {
  readonly [Field in keyof T as Field extends Defaulted ? never : Field]: OutgoingField<T, Field, Defaulted>;
} & {
  readonly [Field in keyof T as Field extends Defaulted ? Field : never]?:
    OutgoingField<T, Field, Defaulted> | undefined;
};

type OutgoingField<T, Field extends keyof T, Defaulted extends string> = Outgoing<T[Field], Within<Defaulted, Field>>;

/** The paths that go on inside a field. */
type Within<Path extends string, Field> = Field extends string
  ? Path extends `${Field}.${infer Rest}`
    ? Rest
    : never
  : never;

/** A branded id has a key that no text has; a union of literals has none and stays what it is. */
type PlainText<T extends string> = keyof T extends keyof string ? T : string;

/** Told by its mark, since any number may stand where a timestamp is wanted. */
type TimestampOr<T extends number, Timestamp, Other> = keyof TimestampMs extends keyof T ? Timestamp : Other;

/** What stands beside `data` in an event that is sent: CloudEvents 1.0, extensions in its spelling. */
export interface OutgoingAttributes {
  /** 1 to 256 bytes, the same for the same event for ever. Default: a new UUIDv7, the same on every try. */
  readonly id?: string | undefined;
  /** Who says so, a URI reference. Default: the client's `source`. */
  readonly source?: string | undefined;
  /** What the event is about. Default: what the event's schema takes from `data`. */
  readonly subject?: string | undefined;
  /** When it happened. Default: now. */
  readonly time?: Date | string | undefined;
  readonly correlationid?: string | undefined;
  readonly causationid?: string | undefined;
  /** W3C trace context of whoever caused it. */
  readonly traceparent?: string | undefined;
  readonly tracestate?: string | undefined;
  /** Simulated decisions only. */
  readonly streamversion?: number | undefined;
}

type TypedEvent<Type extends EventType> = {
  readonly [Each in Type]: OutgoingAttributes & { readonly type: Each; readonly data: OutgoingData<Each> };
}[Type];

type AnyTypedEvent = OutgoingAttributes & { readonly type: string; readonly data: JsonValue };

/**
 * An event that only the gateway checks. A wrapper and not a mark on the event: beside a `type` that may be any text,
 * the compiler would no longer refuse wrong fields.
 */
export class UncheckedEvent {
  constructor(readonly event: AnyTypedEvent) {}
}

/** Lets an event through whose type is only known when the program runs. */
export function uncheckedEvent(event: AnyTypedEvent): UncheckedEvent {
  return new UncheckedEvent(event);
}

/** An event to send. `type` is a name of the catalogue; any other is a compile error. */
export type OutgoingEvent<Type extends EventType = EventType> = TypedEvent<Type> | UncheckedEvent;

interface ReceivedAttributes {
  readonly specversion: '1.0';
  readonly id: string;
  readonly source: string;
  readonly subject: string;
  /** RFC 3339: when it happened. */
  readonly time: string;
  readonly dataschema: string;
  readonly tenantid: string;
  readonly correlationid: string;
  readonly causationid?: string;
  readonly traceparent?: string;
  /** Decimal text: counts the events of one aggregate from 1. Facts have none. */
  readonly streamversion?: string;
  /** The stream that `streamversion` counts; left out where it is the own one of its subject. */
  readonly stream?: string;
  /** RFC 3339: when the log took it. */
  readonly recordedtime: string;
  readonly topic: string;
  readonly partition: number;
  /** Decimal text. */
  readonly offset: string;
  /** For `minPosition` of a read that must have seen this event. */
  readonly position: string;
}

/** An event as every read shows it; narrow it by `type`. */
export type ReceivedEvent<Type extends EventType = EventType> = {
  readonly [Each in Type]: ReceivedAttributes & { readonly type: Each; readonly data: ReceivedData<Each> };
}[Type];
