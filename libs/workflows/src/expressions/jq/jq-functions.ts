import type { JsonValue } from '@chorda/kernel';
import { spend } from '../budget.js';
import { patternOf } from '../cel-program.js';
import type { Environment, Place } from './jq-evaluate.js';
import type { Jq } from './jq-syntax.js';
import {
  add,
  charactersOf,
  compare,
  finite,
  isObject,
  isTrue,
  iterate,
  JqError,
  member,
  split,
  textOf,
  typeOf,
  withPath,
  type JsonObject,
  type Path,
} from './jq-values.js';

interface Evaluator {
  places(program: Jq, at: Place, environment: Environment | null): readonly Place[];
  outputsOf(program: Jq, value: JsonValue, environment: Environment | null): readonly JsonValue[];
  pathsOf(program: Jq, value: JsonValue, environment: Environment | null): readonly Path[];
}

type Call = Extract<Jq, { kind: 'call' }>;
type List = readonly JsonValue[];

/** One value of the input, and of each parameter, into one. */
const plain: Readonly<Record<string, (input: JsonValue, ...parameters: List) => JsonValue>> = {
  'not/0': (input) => !isTrue(input),
  'length/0': lengthOf,
  'utf8bytelength/0': (input) => Buffer.byteLength(text(input)),
  'keys/0': (input) => namesOf(input),
  'keys_unsorted/0': (input) => iterate(input).map(([name]) => name),
  'has/1': (input, name) => iterate(input).some(([each]) => each === name),
  'in/1': (input, whole) => iterate(whole ?? null).some(([each]) => each === input),
  'contains/1': (input, part) => contains(input, part ?? null),
  'inside/1': (input, whole) => contains(whole ?? null, input),
  'add/0': (input) => iterate(input).reduce<JsonValue>((sum, [, each]) => add(sum, each), null),
  'any/0': (input) => iterate(input).some(([, each]) => isTrue(each)),
  'all/0': (input) => iterate(input).every(([, each]) => isTrue(each)),
  'floor/0': (input) => Math.floor(number(input)),
  'ceil/0': (input) => Math.ceil(number(input)),
  'round/0': (input) => Math.round(number(input)),
  'fabs/0': (input) => Math.abs(number(input)),
  'abs/0': (input) => Math.abs(number(input)),
  'sqrt/0': (input) => finite(Math.sqrt(number(input))),
  'pow/2': (_input, base, exponent) => finite(number(base) ** number(exponent)),
  'tostring/0': textOf,
  'tojson/0': (input) => JSON.stringify(input),
  'fromjson/0': parsed,
  'tonumber/0': (input) => (typeof input === 'number' ? input : numberIn(text(input))),
  'type/0': typeOf,
  'sort/0': (input) => sorted(list(input), (each) => each),
  'unique/0': (input) =>
    unique(
      sorted(list(input), (each) => each),
      (each) => each,
    ),
  'reverse/0': (input) =>
    typeof input === 'string' ? charactersOf(input).toReversed().join('') : list(input ?? []).toReversed(),
  'min/0': (input) => sorted(list(input), (each) => each)[0] ?? null,
  'max/0': (input) => sorted(list(input), (each) => each).at(-1) ?? null,
  'first/0': (input) => member(input, 0),
  'last/0': (input) => member(input, -1),
  'nth/1': (input, at) => member(input, number(at)),
  'startswith/1': (input, start) => text(input).startsWith(text(start)),
  'endswith/1': (input, end) => text(input).endsWith(text(end)),
  'ltrimstr/1': (input, start) => trimmed(input, start, 'startsWith'),
  'rtrimstr/1': (input, end) => trimmed(input, end, 'endsWith'),
  'trim/0': (input) => text(input).trim(),
  'ltrim/0': (input) => text(input).trimStart(),
  'rtrim/0': (input) => text(input).trimEnd(),
  'ascii_downcase/0': (input) => text(input).replace(/[A-Z]/g, (each) => each.toLowerCase()),
  'ascii_upcase/0': (input) => text(input).replace(/[a-z]/g, (each) => each.toUpperCase()),
  'explode/0': (input) => charactersOf(text(input)).map((each) => each.codePointAt(0) ?? 0),
  'implode/0': (input) => String.fromCodePoint(...list(input).map(number)),
  'split/1': (input, by) => split(text(input), text(by)),
  'join/1': (input, between) => joined(list(input), text(between)),
  'test/1': (input, pattern) => matches(text(input), text(pattern)),
  'index/1': (input, part) => places(input, part ?? null)[0] ?? null,
  'rindex/1': (input, part) => places(input, part ?? null).at(-1) ?? null,
  'indices/1': (input, part) => places(input, part ?? null),
  'to_entries/0': (input) => Object.entries(object(input)).map(([key, value]) => ({ key, value })),
  'from_entries/0': (input) => Object.fromEntries(list(input).map(entry)),
  'flatten/0': (input) => flattened(list(input), Infinity),
  'flatten/1': (input, levels) => flattened(list(input), number(levels)),
  'transpose/0': transposed,
  'getpath/1': (input, path) => list(path).reduce<JsonValue>((value, step) => member(value, step), input),
  'setpath/2': (input, path, value) => withPath(input, list(path), () => value ?? null),
  'todate/0': (input) => new Date(number(input) * 1000).toISOString().replace('.000Z', 'Z'),
  'todateiso8601/0': (input) => new Date(number(input) * 1000).toISOString().replace('.000Z', 'Z'),
  'fromdate/0': (input) => secondsOf(text(input)),
  'fromdateiso8601/0': (input) => secondsOf(text(input)),
};

type Special = (call: Call, at: Place, environment: Environment | null, by: Evaluator) => readonly Place[];

/** Those that decide themselves what their parameters are asked of. */
const special: Readonly<Record<string, Special>> = {
  'empty/0': () => [],
  'error/0': (_call, at) => {
    throw new JqError(at.value);
  },
  'error/1': (call, at, environment, by) => {
    throw new JqError(by.outputsOf(parameter(call, 0), at.value, environment)[0] ?? null);
  },
  'select/1': (call, at, environment, by) =>
    by.outputsOf(parameter(call, 0), at.value, environment).flatMap((holds) => (isTrue(holds) ? [at] : [])),
  'map/1': (call, at, environment, by) =>
    made([iterate(at.value).flatMap(([, each]) => by.outputsOf(parameter(call, 0), each, environment))]),
  'map_values/1': (call, at, environment, by) => made([mappedValues(call, at.value, environment, by)]),
  'values/0': (_call, at) => (at.value === null ? [] : [at]),
  'nulls/0': (_call, at) => (at.value === null ? [at] : []),
  'numbers/0': (_call, at) => (typeof at.value === 'number' ? [at] : []),
  'strings/0': (_call, at) => (typeof at.value === 'string' ? [at] : []),
  'arrays/0': (_call, at) => (Array.isArray(at.value) ? [at] : []),
  'objects/0': (_call, at) => (isObject(at.value) ? [at] : []),
  'with_entries/1': (call, at, environment, by) => {
    const entries = Object.entries(object(at.value)).map(([key, value]) => ({ key, value }));
    return made([
      Object.fromEntries(entries.flatMap((each) => by.outputsOf(parameter(call, 0), each, environment)).map(entry)),
    ]);
  },
  'any/1': (call, at, environment, by) => made([values(call, at, environment, by).some(isTrue)]),
  'all/1': (call, at, environment, by) => made([values(call, at, environment, by).every(isTrue)]),
  'add/1': (call, at, environment, by) =>
    made([by.outputsOf(parameter(call, 0), at.value, environment).reduce<JsonValue>(add, null)]),
  'range/1': (call, at, environment, by) => ranges(call, at, environment, by),
  'range/2': (call, at, environment, by) => ranges(call, at, environment, by),
  'range/3': (call, at, environment, by) => ranges(call, at, environment, by),
  'first/1': (call, at, environment, by) => by.places(parameter(call, 0), at, environment).slice(0, 1),
  'last/1': (call, at, environment, by) => by.places(parameter(call, 0), at, environment).slice(-1),
  'isempty/1': (call, at, environment, by) => made([by.places(parameter(call, 0), at, environment).length === 0]),
  'limit/2': (call, at, environment, by) => {
    const most = number(by.outputsOf(parameter(call, 0), at.value, environment)[0]);
    return by.places(parameter(call, 1), at, environment).slice(0, Math.max(0, most));
  },
  'sort_by/1': (call, at, environment, by) => made([sorted(list(at.value), keyed(call, environment, by))]),
  'group_by/1': (call, at, environment, by) => made([grouped(list(at.value), keyed(call, environment, by))]),
  'unique_by/1': (call, at, environment, by) => {
    const key = keyed(call, environment, by);
    return made([unique(sorted(list(at.value), key), key)]);
  },
  'min_by/1': (call, at, environment, by) => made([sorted(list(at.value), keyed(call, environment, by))[0] ?? null]),
  'max_by/1': (call, at, environment, by) =>
    made([sorted(list(at.value), keyed(call, environment, by)).at(-1) ?? null]),
  'path/1': (call, at, environment, by) => made(by.pathsOf(parameter(call, 0), at.value, environment)),
  'del/1': (call, at, environment, by) => {
    // From behind, so that what is still to be deleted stays where it is.
    const paths = by.pathsOf(parameter(call, 0), at.value, environment).toSorted((one, other) => compare(other, one));
    return made([paths.reduce((value, path) => withPath(value, path, () => undefined), at.value)]);
  },
};

/** Functions that a program may call, as `name/number of parameters`. */
export const functionNames: ReadonlySet<string> = new Set([...Object.keys(plain), ...Object.keys(special)]);

export function callJq(call: Call, at: Place, environment: Environment | null, by: Evaluator): readonly Place[] {
  const name = `${call.name}/${call.parameters.length}`;
  const own = special[name];
  if (own !== undefined) return own(call, at, environment, by);
  const compute = plain[name];
  if (compute === undefined) throw new JqError(`${name} is not defined`);
  let given: readonly List[] = [[]];
  for (const each of call.parameters) {
    const outputs = by.outputsOf(each, at.value, environment);
    given = given.flatMap((before) => outputs.map((output) => [...before, output]));
  }
  return made(
    given.map((parameters) => {
      spend(1 + sizeOf(at.value));
      return compute(at.value, ...parameters);
    }),
  );
}

/** What going through a value once is counted as. */
function sizeOf(value: JsonValue): number {
  if (typeof value === 'string') return value.length / 64;
  return Array.isArray(value) ? value.length / 4 : 1;
}

function made(outputs: List): readonly Place[] {
  return outputs.map((value) => ({ value, path: null }));
}

function parameter(call: Call, index: number): Jq {
  const found = call.parameters[index];
  if (found === undefined) throw new TypeError(`${call.name} has no parameter ${index}`);
  return found;
}

function values(call: Call, at: Place, environment: Environment | null, by: Evaluator): List {
  return iterate(at.value).flatMap(([, each]) => by.outputsOf(parameter(call, 0), each, environment));
}

function keyed(call: Call, environment: Environment | null, by: Evaluator): (each: JsonValue) => JsonValue {
  return (each) => [...by.outputsOf(parameter(call, 0), each, environment)];
}

function mappedValues(call: Call, value: JsonValue, environment: Environment | null, by: Evaluator): JsonValue {
  const mapped = iterate(value).flatMap(([name, each]) => {
    const [first] = by.outputsOf(parameter(call, 0), each, environment);
    return first === undefined ? [] : [[name, first] as const];
  });
  return Array.isArray(value) ? mapped.map(([, each]) => each) : Object.fromEntries(mapped);
}

function ranges(call: Call, at: Place, environment: Environment | null, by: Evaluator): readonly Place[] {
  const [first = 0, second, step = 1] = call.parameters.map((each) =>
    number(by.outputsOf(each, at.value, environment)[0]),
  );
  const [from, to] = second === undefined ? [0, first] : [first, second];
  if (step === 0) throw new JqError('A range needs a step that is not zero');
  const made: Place[] = [];
  for (let value = from; step > 0 ? value < to : value > to; value += step) {
    spend(1);
    made.push({ value, path: null });
  }
  return made;
}

function number(value: JsonValue | undefined): number {
  if (typeof value !== 'number') throw new JqError(`${typeOf(value ?? null)} is no number`);
  return value;
}

function text(value: JsonValue | undefined): string {
  if (typeof value !== 'string') throw new JqError(`${typeOf(value ?? null)} is no text`);
  return value;
}

function list(value: JsonValue | undefined): List {
  if (!Array.isArray(value)) throw new JqError(`${typeOf(value ?? null)} is no list`);
  return value;
}

function object(value: JsonValue): JsonObject {
  if (!isObject(value)) throw new JqError(`${typeOf(value)} is no object`);
  spend(Object.keys(value).length);
  return value;
}

function lengthOf(value: JsonValue): JsonValue {
  if (value === null) return 0;
  if (typeof value === 'string') return charactersOf(value).length;
  if (typeof value === 'number') return Math.abs(value);
  if (typeof value === 'boolean') throw new JqError('boolean has no length');
  return Array.isArray(value) ? value.length : Object.keys(value).length;
}

function namesOf(value: JsonValue): List {
  return Array.isArray(value) ? value.map((_each, index) => index) : Object.keys(object(value)).sort();
}

function contains(whole: JsonValue, part: JsonValue): boolean {
  spend(1);
  if (isObject(whole) && isObject(part)) {
    return Object.entries(part).every(
      ([name, each]) => Object.hasOwn(whole, name) && contains(member(whole, name), each),
    );
  }
  if (Array.isArray(whole) && Array.isArray(part)) {
    return part.every((each: JsonValue) => whole.some((other: JsonValue) => contains(other, each)));
  }
  if (typeof whole === 'string' && typeof part === 'string') return whole.includes(part);
  if (typeOf(whole) !== typeOf(part)) throw new JqError(`${typeOf(whole)} cannot contain ${typeOf(part)}`);
  return compare(whole, part) === 0;
}

function parsed(value: JsonValue): JsonValue {
  try {
    const made: JsonValue = JSON.parse(text(value));
    return made;
  } catch {
    throw new JqError('The text is no JSON');
  }
}

function numberIn(value: string): number {
  if (!/^-?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(value.trim())) throw new JqError('The text is no number');
  return finite(Number(value));
}

function sorted(items: List, key: (each: JsonValue) => JsonValue): List {
  return items
    .map((item) => [key(item), item] as const)
    .sort(([one], [other]) => compare(one, other))
    .map(([, item]) => item);
}

function unique(inOrder: List, key: (each: JsonValue) => JsonValue): List {
  return inOrder.filter((each, index) => index === 0 || compare(key(each), key(inOrder[index - 1] ?? null)) !== 0);
}

function grouped(items: List, key: (each: JsonValue) => JsonValue): List {
  const groups: JsonValue[][] = [];
  let last: JsonValue | undefined;
  for (const item of sorted(items, key)) {
    const own = key(item);
    if (last !== undefined && compare(last, own) === 0) groups.at(-1)?.push(item);
    else groups.push([item]);
    last = own;
  }
  return groups;
}

function trimmed(value: JsonValue, part: JsonValue | undefined, at: 'startsWith' | 'endsWith'): JsonValue {
  if (typeof value !== 'string' || typeof part !== 'string' || part === '' || !value[at](part)) return value;
  return at === 'startsWith' ? value.slice(part.length) : value.slice(0, -part.length);
}

function joined(items: List, between: string): JsonValue {
  spend(items.length * (1 + between.length / 64));
  return items.map((each) => (each === null ? '' : textOf(each))).join(between);
}

function matches(value: string, pattern: string): boolean {
  spend(10 + value.length);
  return patternOf(pattern).test(value);
}

function places(whole: JsonValue, part: JsonValue): readonly number[] {
  if (whole === null) return [];
  if (typeof whole === 'string' && typeof part === 'string') return textPlaces(whole, part);
  const items = list(whole);
  const sought = Array.isArray(part) ? part : [part];
  if (sought.length === 0) return [];
  return items.flatMap((_each, at) =>
    sought.every((each: JsonValue, index) => compare(each, items[at + index] ?? null) === 0) ? [at] : [],
  );
}

function textPlaces(whole: string, part: string): readonly number[] {
  const found: number[] = [];
  if (part === '') return found;
  for (let at = whole.indexOf(part); at >= 0; at = whole.indexOf(part, at + 1)) {
    spend(1);
    found.push(at);
  }
  return found;
}

function entry(value: JsonValue): readonly [string, JsonValue] {
  const { key, k, name, value: own, v } = object(value) as { readonly [field: string]: JsonValue | undefined };
  const found = key ?? k ?? name ?? null;
  return [typeof found === 'string' ? found : textOf(found), own ?? v ?? null];
}

function flattened(items: List, levels: number): List {
  spend(items.length);
  return items.flatMap((each) => (Array.isArray(each) && levels > 0 ? flattened(each, levels - 1) : [each]));
}

function transposed(value: JsonValue): JsonValue {
  const rows = list(value).map(list);
  const width = Math.max(0, ...rows.map((row) => row.length));
  return Array.from({ length: width }, (_each, column) => {
    spend(rows.length);
    return rows.map((row) => row[column] ?? null);
  });
}

function secondsOf(value: string): number {
  const time = Date.parse(value);
  if (Number.isNaN(time)) throw new JqError('The text is no time of ISO 8601');
  return Math.floor(time / 1000);
}
