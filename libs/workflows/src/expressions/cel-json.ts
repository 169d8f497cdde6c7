import { celMap, isCelList, isCelMap, isCelType, isCelUint, type CelInput, type CelValue } from '@bufbuild/cel';
import { isMessage } from '@bufbuild/protobuf';
import { isReflectMessage } from '@bufbuild/protobuf/reflect';
import { DurationSchema, TimestampSchema, timestampDate } from '@bufbuild/protobuf/wkt';
import type { JsonValue } from '@chorda/kernel';
import { spend } from './budget.js';

const depthMax = 64;

/**
 * Whole numbers are ints and others doubles, as they would be written. Objects are looked into when they are asked: a
 * scope holds the outputs of all steps, and an expression names one.
 */
export function celOf(value: JsonValue): CelInput {
  spend(1);
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : value;
  if (typeof value !== 'object' || value === null) return value;
  return isList(value) ? value.map(celOf) : celMap(new JsonMap(value));
}

function isList(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value);
}

type JsonObject = { readonly [name: string]: JsonValue };

class JsonMap implements ReadonlyMap<string, CelInput> {
  constructor(private readonly object: JsonObject) {}

  get size(): number {
    return Object.keys(this.object).length;
  }

  get(name: string): CelInput | undefined {
    // A field may be called `constructor`.
    const value = Object.hasOwn(this.object, name) ? this.object[name] : undefined;
    return value === undefined ? undefined : celOf(value);
  }

  has(name: string): boolean {
    return Object.hasOwn(this.object, name);
  }

  keys(): MapIterator<string> {
    return this.whole().keys();
  }

  values(): MapIterator<CelInput> {
    return this.whole().values();
  }

  entries(): MapIterator<[string, CelInput]> {
    return this.whole().entries();
  }

  [Symbol.iterator](): MapIterator<[string, CelInput]> {
    return this.entries();
  }

  forEach(visit: (value: CelInput, key: string, map: ReadonlyMap<string, CelInput>) => void): void {
    for (const [name, value] of this.whole()) visit(value, name, this);
  }

  private whole(): Map<string, CelInput> {
    return new Map(Object.entries(this.object).map(([name, value]) => [name, celOf(value)]));
  }
}

/** @throws an Error for what JSON cannot say. */
export function jsonOf(value: CelValue, depth = 0): JsonValue {
  spend(1);
  if (depth > depthMax) throw new Error(`is nested deeper than ${depthMax}`);
  if (value === null || typeof value === 'boolean') return value;
  if (typeof value === 'string') {
    // Each time it stands in the result it is written there whole.
    spend(value.length / 64);
    return value;
  }
  if (typeof value === 'bigint') return wholeNumber(value);
  if (typeof value === 'number') {
    if (Number.isFinite(value)) return value;
    throw new Error(`comes to ${value}, which JSON cannot say`);
  }
  if (isCelUint(value)) return wholeNumber(value.value);
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (isCelList(value)) return [...value].map((each) => jsonOf(each, depth + 1));
  if (isCelMap(value)) return objectOf(value, depth);
  if (isCelType(value)) return String(value);
  return messageOf(value);
}

function wholeNumber(value: bigint): number {
  const number = Number(value);
  if (!Number.isSafeInteger(number)) throw new Error(`comes to ${value}, more than a number of JSON holds exactly`);
  return number;
}

function objectOf(map: Iterable<readonly [unknown, CelValue]>, depth: number): JsonValue {
  const members: [string, JsonValue][] = [];
  for (const [name, value] of map) {
    members.push([isCelUint(name) ? String(name.value) : String(name), jsonOf(value, depth + 1)]);
  }
  return Object.fromEntries(members);
}

/** Times as RFC 3339, durations as milliseconds, so that timers take both. */
function messageOf(value: CelValue): JsonValue {
  const message = isReflectMessage(value) ? value.message : undefined;
  if (isMessage(message, TimestampSchema)) return timestampDate(message).toISOString();
  if (isMessage(message, DurationSchema)) return Number(message.seconds) * 1000 + Math.trunc(message.nanos / 1_000_000);
  throw new Error('comes to something that JSON cannot say');
}
