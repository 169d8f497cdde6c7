import type { JsonValue } from '@chorda/kernel';
import { BudgetSpent, spend } from '../budget.js';
import { formatted } from './jq-formats.js';
import { callJq } from './jq-functions.js';
import type { Jq, Operator, Pattern } from './jq-syntax.js';
import {
  add,
  compare,
  divide,
  finite,
  isObject,
  isTrue,
  iterate,
  JqError,
  member,
  multiply,
  remainder,
  slice,
  subtract,
  textOf,
  typeOf,
  withPath,
  type Path,
} from './jq-values.js';

/** A value, and how it was reached from the input; null where it was made and not found. */
export interface Place {
  readonly value: JsonValue;
  readonly path: Path | null;
}

export interface Environment {
  readonly name: string;
  readonly value: JsonValue;
  readonly outer: Environment | null;
}

const depthMax = 64;
let depth = 0;

/** All outputs of a program for one input, in order. @throws {@link JqError}, {@link BudgetSpent} */
export function outputsOf(program: Jq, value: JsonValue, environment: Environment | null): readonly JsonValue[] {
  return places(program, { value, path: null }, environment).map((place) => place.value);
}

/** The same with the ways that lead there: what assignments and `path` need. */
export function pathsOf(program: Jq, value: JsonValue, environment: Environment | null): readonly Path[] {
  return places(program, { value, path: [] }, environment).map(({ path }) => {
    if (path === null) throw new JqError('This names no place in the input');
    return path;
  });
}

function places(program: Jq, at: Place, environment: Environment | null): readonly Place[] {
  spend(1);
  if (depth > depthMax * 8) throw new BudgetSpent();
  depth += 1;
  try {
    return evaluate(program, at, environment);
  } finally {
    depth -= 1;
  }
}

function made(values: readonly JsonValue[]): readonly Place[] {
  return values.map((value) => ({ value, path: null }));
}

function evaluate(program: Jq, at: Place, environment: Environment | null): readonly Place[] {
  const outputs = (inner: Jq) => outputsOf(inner, at.value, environment);
  switch (program.kind) {
    case 'identity':
      return [at];
    case 'literal':
      return made([program.value]);
    case 'recurse':
      return descendants(at, 0);
    case 'variable':
      return made([variable(program.name, environment)]);
    case 'text':
      return made([interpolated(program, outputs)]);
    case 'format':
      return made([formatted(program.format, at.value)]);
    case 'index':
      return places(program.of, at, environment).flatMap((place) =>
        outputs(program.by).map((by) => ({
          value: member(place.value, by),
          path: place.path && [...place.path, by],
        })),
      );
    case 'slice': {
      const bounds = (bound: Jq | null) => (bound === null ? [null] : outputs(bound));
      return places(program.of, at, environment).flatMap(({ value }) =>
        bounds(program.to).flatMap((to) => made(bounds(program.from).map((from) => slice(value, from, to)))),
      );
    }
    case 'iterate':
      return places(program.of, at, environment).flatMap(children);
    case 'list':
      return made([program.items === null ? [] : [...outputs(program.items)]]);
    case 'object':
      return made(objects(program.members, outputs));
    case 'negate':
      return made(outputs(program.of).map((value) => finite(-numberOf(value))));
    case 'pipe':
      return places(program.left, at, environment).flatMap((place) => places(program.right, place, environment));
    case 'comma':
      return [...places(program.left, at, environment), ...places(program.right, at, environment)];
    case 'operator':
      return operated(program, at, environment);
    case 'assign':
      return made(assigned(program, at.value, environment));
    case 'if':
      return outputs(program.condition).flatMap((condition) => {
        const branch = isTrue(condition) ? program.whenTrue : program.otherwise;
        return branch === null ? [at] : places(branch, at, environment);
      });
    case 'try':
      return tried(program, at, environment);
    case 'bind':
      return outputs(program.source).flatMap((value) =>
        places(program.body, at, bound(program.pattern, value, environment)),
      );
    case 'reduce':
      return made(reduced(program, at.value, environment));
    case 'call':
      return callJq(program, at, environment, { places, outputsOf, pathsOf });
  }
}

function variable(name: string, environment: Environment | null): JsonValue {
  for (let each = environment; each !== null; each = each.outer) if (each.name === name) return each.value;
  throw new JqError(`$${name} is not known here`);
}

function children({ value, path }: Place): readonly Place[] {
  return iterate(value).map(([name, each]) => ({ value: each, path: path && [...path, name] }));
}

function descendants(at: Place, level: number): readonly Place[] {
  if (level > depthMax) throw new JqError(`The value is nested deeper than ${depthMax}`);
  const isLeaf = typeof at.value !== 'object' || at.value === null;
  return isLeaf ? [at] : [at, ...children(at).flatMap((child) => descendants(child, level + 1))];
}

function interpolated(
  { format, parts }: Extract<Jq, { kind: 'text' }>,
  outputs: (inner: Jq) => readonly JsonValue[],
): JsonValue {
  const texts = parts.map((part) => {
    if (typeof part === 'string') return part;
    const value = outputs(part)[0] ?? null;
    return format === null ? textOf(value) : formatted(format, value);
  });
  const text = texts.join('');
  spend(text.length / 64);
  return text;
}

function objects(
  members: Extract<Jq, { kind: 'object' }>['members'],
  outputs: (inner: Jq) => readonly JsonValue[],
): readonly JsonValue[] {
  let made: readonly (readonly [string, JsonValue])[][] = [[]];
  for (const { name, value } of members) {
    const names = outputs(name).map((each) => {
      if (typeof each !== 'string') throw new JqError(`A member cannot be named by ${typeOf(each)}`);
      return each;
    });
    const values = outputs(value);
    made = made.flatMap((before) =>
      names.flatMap((each) =>
        values.map((one) => {
          spend(before.length + 1);
          return [...before, [each, one] as const];
        }),
      ),
    );
  }
  return made.map((entries) => Object.fromEntries(entries));
}

function numberOf(value: JsonValue): number {
  if (typeof value !== 'number') throw new JqError(`${typeOf(value)} cannot be negated`);
  return value;
}

const computations: { readonly [Sign in Operator]?: (left: JsonValue, right: JsonValue) => JsonValue } = {
  '+': add,
  '-': subtract,
  '*': multiply,
  '/': divide,
  '%': remainder,
  '==': (left, right) => compare(left, right) === 0,
  '!=': (left, right) => compare(left, right) !== 0,
  '<': (left, right) => compare(left, right) < 0,
  '<=': (left, right) => compare(left, right) <= 0,
  '>': (left, right) => compare(left, right) > 0,
  '>=': (left, right) => compare(left, right) >= 0,
};

function operated(
  { operator, left, right }: Extract<Jq, { kind: 'operator' }>,
  at: Place,
  environment: Environment | null,
): readonly Place[] {
  const outputs = (inner: Jq) => outputsOf(inner, at.value, environment);
  if (operator === '//') return otherwise(left, right, at, environment);
  if (operator === 'and' || operator === 'or') {
    // The right one is asked only where the left one leaves it open.
    const settles = operator === 'or';
    return made(outputs(left).flatMap((value) => (isTrue(value) === settles ? [settles] : outputs(right).map(isTrue))));
  }
  return made(outputs(right).flatMap((second) => outputs(left).map((first) => computed(operator, first, second))));
}

function computed(operator: Operator, left: JsonValue, right: JsonValue): JsonValue {
  spend(1);
  return computations[operator]?.(left, right) ?? null;
}

/** Of `//`: what is left where the one is null, false, nothing or an error. */
function otherwise(left: Jq, right: Jq, at: Place, environment: Environment | null): readonly Place[] {
  let found: readonly Place[] = [];
  try {
    found = places(left, at, environment).filter(({ value }) => isTrue(value));
  } catch (error) {
    if (!(error instanceof JqError)) throw error;
  }
  return found.length > 0 ? found : places(right, at, environment);
}

function assigned(
  { operator, left, right }: Extract<Jq, { kind: 'assign' }>,
  input: JsonValue,
  environment: Environment | null,
): readonly JsonValue[] {
  const paths = pathsOf(left, input, environment);
  if (operator === '|=') {
    const changed = (value: JsonValue) => outputsOf(right, value, environment)[0];
    return [paths.reduceRight((value, path) => withPath(value, path, changed), input)];
  }
  const change = (before: JsonValue, value: JsonValue): JsonValue => {
    if (operator === '=') return value;
    if (operator === '//=') return isTrue(before) ? before : value;
    return computed(operator.slice(0, -1) as Operator, before, value);
  };
  return outputsOf(right, input, environment).map((value) =>
    paths.reduce((whole, path) => withPath(whole, path, (before) => change(before, value)), input),
  );
}

function tried(
  { body, handler }: Extract<Jq, { kind: 'try' }>,
  at: Place,
  environment: Environment | null,
): readonly Place[] {
  try {
    return places(body, at, environment);
  } catch (error) {
    if (!(error instanceof JqError)) throw error;
    return handler === null ? [] : places(handler, { value: error.value, path: null }, environment);
  }
}

function bound(pattern: Pattern, value: JsonValue, outer: Environment | null): Environment | null {
  switch (pattern.kind) {
    case 'name':
      return { name: pattern.name, value, outer };
    case 'list':
      if (value !== null && !Array.isArray(value)) throw new JqError(`Cannot take ${typeOf(value)} apart as a list`);
      return pattern.items.reduce((inner, item, index) => bound(item, value?.[index] ?? null, inner), outer);
    case 'object':
      if (value !== null && !isObject(value)) throw new JqError(`Cannot take ${typeOf(value)} apart as an object`);
      return pattern.members.reduce((inner, { name, pattern: each }) => bound(each, member(value, name), inner), outer);
  }
}

function reduced(
  { source, pattern, start, update }: Extract<Jq, { kind: 'reduce' }>,
  input: JsonValue,
  environment: Environment | null,
): readonly JsonValue[] {
  const items = outputsOf(source, input, environment);
  return outputsOf(start, input, environment).map((first) =>
    items.reduce<JsonValue>(
      (state, item) => outputsOf(update, state, bound(pattern, item, environment)).at(-1) ?? null,
      first,
    ),
  );
}
