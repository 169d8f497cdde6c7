import type { JsonValue } from '@chorda/kernel';
import { durationMsOf } from '../document/durations.js';
import { BrokenExpression } from '../expressions/expression-limits.js';
import { checkJq } from '../expressions/jq/jq-program.js';
import { type Faults, within } from '../source/fault.js';

export type JsonObject = { readonly [name: string]: JsonValue };

export function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function isList(value: JsonValue | undefined): value is readonly JsonValue[] {
  return Array.isArray(value);
}

/** Names that an expression may use; what each is in the scope of ours. */
const globals: Readonly<Record<string, string>> = {
  context: '.context.ctx',
  workflow:
    '{id: .run.id, definition: {document: {name: .run.name}}, startedAt: {iso8601: .run.started_at}, input: .run.input}',
  runtime: '{name: "chorda", version: "1"}',
};

/** Where an expression stands. */
export interface Place {
  readonly pointer: string;
  readonly faults: Faults;
  /** What `.` is, in the scope of ours. */
  readonly dot: string;
  /** What `$input` is. */
  readonly input: string;
  /** Names that loops and catches bind: members of `context.vars`. */
  readonly names: ReadonlySet<string>;
}

/** `${ … }` or, where the whole member is an expression, bare. */
export function jqOf(text: string, place: Place): string {
  const trimmed = text.trim();
  const inner = trimmed.startsWith('${') && trimmed.endsWith('}') ? trimmed.slice(2, -1).trim() : trimmed;
  try {
    const bindings = [...checkJq(inner).variables].map((name) => {
      if (place.names.has(name)) return `(.context.vars[${JSON.stringify(name)}]) as $${name}`;
      if (name === 'input') return `(${place.input}) as $input`;
      const found = Object.hasOwn(globals, name) ? globals[name] : undefined;
      if (found === undefined) throw new BrokenExpression(`names $${name}, which is not known here`);
      return `(${found}) as $${name}`;
    });
    return [...bindings, place.dot, `(${inner})`].join(' | ');
  } catch (error) {
    place.faults.add(place.pointer, error instanceof Error ? error.message : String(error));
    return 'null';
  }
}

export function written(jq: string): string {
  return `\${jq ${jq}}`;
}

/** Any value, in which texts `${ … }` are expressions. */
export function valueOf(value: JsonValue, place: Place): JsonValue {
  if (typeof value === 'string') {
    const trimmed = value.trim();
    if (trimmed.startsWith('${') && trimmed.endsWith('}')) return written(jqOf(trimmed, place));
    return value.replaceAll('${', () => '$${');
  }
  if (isList(value))
    return value.map((each, index) => valueOf(each, { ...place, pointer: within(place.pointer, index) }));
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [
      name,
      valueOf(each, { ...place, pointer: within(place.pointer, name) }),
    ]),
  );
}

/** A member that is one expression, or a value with expressions in it: `input.from`, `output.as`, `export.as`. */
export function transformOf(value: JsonValue, place: Place): JsonValue {
  return typeof value === 'string' ? written(jqOf(value, place)) : valueOf(value, place);
}

const units: Readonly<Record<string, number>> = {
  days: 86_400_000,
  hours: 3_600_000,
  minutes: 60_000,
  seconds: 1_000,
  milliseconds: 1,
};

export function durationOf(value: JsonValue | undefined, pointer: string, faults: Faults): number {
  if (typeof value === 'string') {
    const ms = durationMsOf(value);
    if (ms !== undefined) return ms;
  } else if (isObject(value) && Object.keys(value).length > 0) {
    const parts = Object.entries(value).map(([unit, count]) =>
      typeof count === 'number' && units[unit] !== undefined ? count * units[unit] : Number.NaN,
    );
    const sum = parts.reduce((all, part) => all + part, 0);
    if (Number.isFinite(sum)) return sum;
  }
  faults.add(pointer, 'must be a duration: ISO 8601, or days, hours, minutes, seconds and milliseconds');
  return 0;
}

/** What is not done is refused by its name, and never passed over. */
export function refuseOthers(object: JsonObject, known: readonly string[], pointer: string, faults: Faults): void {
  for (const name of Object.keys(object)) {
    if (!known.includes(name)) faults.add(within(pointer, name), `is not supported: ${name}`);
  }
}

export function textIn(object: JsonObject, name: string, pointer: string, faults: Faults): string {
  const value = object[name];
  if (typeof value === 'string' && value !== '') return value;
  faults.add(within(pointer, name), 'must be a text');
  return '';
}
