import type { JsonValue } from '@chorda/kernel';
import { spend } from '../budget.js';

export type JsonObject = { readonly [name: string]: JsonValue };
export type Path = readonly JsonValue[];

/** What `try` and `?` catch; its value is the error message. */
export class JqError extends Error {
  constructor(readonly value: JsonValue) {
    super(typeof value === 'string' ? value : JSON.stringify(value));
  }
}

const charactersPerCost = 64;

export function isObject(value: JsonValue): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function typeOf(value: JsonValue): 'null' | 'boolean' | 'number' | 'string' | 'array' | 'object' {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  const type = typeof value;
  return type === 'boolean' || type === 'number' || type === 'string' ? type : 'object';
}

export function isTrue(value: JsonValue): boolean {
  return value !== null && value !== false;
}

const ranks = { null: 0, boolean: 1, number: 3, string: 4, array: 5, object: 6 };

/** The order of jq: null, false, true, numbers, texts, lists, objects. */
export function compare(left: JsonValue, right: JsonValue): number {
  spend(1);
  const byRank = ranks[typeOf(left)] - ranks[typeOf(right)];
  if (byRank !== 0) return byRank;
  if (typeof left === 'number' && typeof right === 'number') return left - right;
  if (typeof left === 'boolean' && typeof right === 'boolean') return Number(left) - Number(right);
  if (typeof left === 'string' && typeof right === 'string') return left < right ? -1 : Number(left > right);
  if (Array.isArray(left) && Array.isArray(right)) return compareLists(left, right);
  if (isObject(left) && isObject(right)) return compareObjects(left, right);
  return 0;
}

function compareLists(left: readonly JsonValue[], right: readonly JsonValue[]): number {
  for (const [index, each] of left.entries()) {
    const other = right[index];
    if (other === undefined) return 1;
    const order = compare(each, other);
    if (order !== 0) return order;
  }
  return left.length - right.length;
}

function compareObjects(left: JsonObject, right: JsonObject): number {
  const names = Object.keys(left).sort();
  const byNames = compareLists(names, Object.keys(right).sort());
  if (byNames !== 0) return byNames;
  return compareLists(
    names.map((name) => left[name] ?? null),
    names.map((name) => right[name] ?? null),
  );
}

export function member(value: JsonValue, by: JsonValue): JsonValue {
  spend(1);
  if (value === null && (by === null || typeof by === 'string' || typeof by === 'number')) return null;
  if (isObject(value) && typeof by === 'string') return Object.hasOwn(value, by) ? (value[by] ?? null) : null;
  if (Array.isArray(value) && typeof by === 'number') return value.at(Math.floor(by)) ?? null;
  const shown = typeof by === 'string' ? `"${by}"` : typeOf(by);
  throw new JqError(`Cannot index ${typeOf(value)} with ${shown}`);
}

export function slice(value: JsonValue, from: JsonValue, to: JsonValue): JsonValue {
  if (value === null) return null;
  const [first, last] = [from ?? undefined, to ?? undefined];
  const isBound = (bound: unknown) => bound === undefined || typeof bound === 'number';
  if ((typeof value === 'string' || Array.isArray(value)) && isBound(first) && isBound(last)) {
    spend(1 + value.length / charactersPerCost);
    const start = first === undefined ? undefined : Math.floor(Number(first));
    const end = last === undefined ? undefined : Math.ceil(Number(last));
    return typeof value === 'string' ? charactersOf(value).slice(start, end).join('') : value.slice(start, end);
  }
  throw new JqError(`Cannot slice ${typeOf(value)}`);
}

/** jq counts code points, and so does this. */
export function charactersOf(text: string): readonly string[] {
  return Array.from(text);
}

export function iterate(value: JsonValue): readonly (readonly [string | number, JsonValue])[] {
  if (Array.isArray(value)) {
    spend(value.length);
    return value.map((each: JsonValue, index) => [index, each]);
  }
  if (!isObject(value)) throw new JqError(`Cannot iterate over ${typeOf(value)}`);
  const entries = Object.entries(value);
  spend(entries.length);
  return entries;
}

/** A copy in which the place has another value; undefined: in which it is gone. */
export function withPath(
  value: JsonValue,
  path: Path,
  change: (before: JsonValue) => JsonValue | undefined,
): JsonValue {
  const [step, ...rest] = path;
  if (step === undefined) return change(value) ?? null;
  const inner = rest.length === 0 ? change(member(value, step)) : withPath(member(value, step), rest, change);
  if (typeof step === 'string' && (value === null || isObject(value))) {
    const { [step]: _before, ...others } = value ?? {};
    spend(1 + Object.keys(others).length);
    return inner === undefined ? others : { ...value, [step]: inner };
  }
  if (typeof step === 'number' && (value === null || Array.isArray(value))) return listWith(value ?? [], step, inner);
  throw new JqError(`Cannot index ${typeOf(value)} with ${typeOf(step)}`);
}

const listLengthMax = 100_000;

function listWith(list: readonly JsonValue[], at: number, value: JsonValue | undefined): JsonValue {
  const index = at < 0 ? list.length + at : Math.floor(at);
  if (index < 0) throw new JqError('Out of bounds negative array index');
  if (index > listLengthMax) throw new JqError(`A list may have at most ${listLengthMax} items`);
  spend(1 + Math.max(list.length, index));
  if (value === undefined) return list.filter((_each, place) => place !== index);
  const filled = [...list, ...Array.from({ length: Math.max(0, index - list.length) }, () => null)];
  filled[index] = value;
  return filled;
}

export function add(left: JsonValue, right: JsonValue): JsonValue {
  if (left === null) return right;
  if (right === null) return left;
  if (typeof left === 'number' && typeof right === 'number') return finite(left + right);
  if (typeof left === 'string' && typeof right === 'string') {
    spend((left.length + right.length) / charactersPerCost);
    return left + right;
  }
  if (Array.isArray(left) && Array.isArray(right)) {
    spend(left.length + right.length);
    return [...left, ...right];
  }
  if (isObject(left) && isObject(right)) {
    spend(Object.keys(left).length + Object.keys(right).length);
    return { ...left, ...right };
  }
  throw new JqError(`${typeOf(left)} and ${typeOf(right)} cannot be added`);
}

export function subtract(left: JsonValue, right: JsonValue): JsonValue {
  if (typeof left === 'number' && typeof right === 'number') return finite(left - right);
  if (Array.isArray(left) && Array.isArray(right)) {
    return left.filter((each: JsonValue) => !right.some((other: JsonValue) => compare(each, other) === 0));
  }
  throw new JqError(`${typeOf(left)} and ${typeOf(right)} cannot be subtracted`);
}

export function multiply(left: JsonValue, right: JsonValue): JsonValue {
  if (typeof left === 'number' && typeof right === 'number') return finite(left * right);
  if (isObject(left) && isObject(right)) return merged(left, right);
  throw new JqError(`${typeOf(left)} and ${typeOf(right)} cannot be multiplied`);
}

function merged(left: JsonObject, right: JsonObject): JsonObject {
  const members = Object.entries(right).map(([name, value]): [string, JsonValue] => {
    spend(1);
    const before = Object.hasOwn(left, name) ? left[name] : undefined;
    return [name, before !== undefined && isObject(before) && isObject(value) ? merged(before, value) : value];
  });
  return { ...left, ...Object.fromEntries(members) };
}

export function divide(left: JsonValue, right: JsonValue): JsonValue {
  if (typeof left === 'string' && typeof right === 'string') return split(left, right);
  if (typeof left !== 'number' || typeof right !== 'number') {
    throw new JqError(`${typeOf(left)} and ${typeOf(right)} cannot be divided`);
  }
  if (right === 0) throw new JqError('A number cannot be divided by zero');
  return finite(left / right);
}

export function remainder(left: JsonValue, right: JsonValue): JsonValue {
  if (typeof left !== 'number' || typeof right !== 'number') {
    throw new JqError(`${typeOf(left)} and ${typeOf(right)} cannot be divided`);
  }
  const divisor = Math.abs(Math.trunc(right));
  if (divisor === 0) throw new JqError('A number cannot be divided by zero');
  return Math.trunc(left) % divisor;
}

export function split(text: string, by: string): readonly string[] {
  spend(1 + text.length / 8);
  return text === '' ? [] : text.split(by);
}

/** JSON has no other numbers. */
export function finite(value: number): number {
  if (!Number.isFinite(value)) throw new JqError('A number came out that JSON cannot say');
  return value;
}

export function textOf(value: JsonValue): string {
  if (typeof value === 'string') return value;
  const text = JSON.stringify(value);
  spend(text.length / charactersPerCost);
  return text;
}
