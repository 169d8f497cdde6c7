import type { TypeName } from './known.js';

export interface Signature {
  readonly target?: TypeName;
  readonly parameters: readonly TypeName[];
  readonly result: TypeName;
}

const of = (result: TypeName, ...parameters: readonly TypeName[]): Signature => ({ parameters, result });
const method = (target: TypeName, result: TypeName, ...parameters: readonly TypeName[]): Signature => ({
  target,
  parameters,
  result,
});

const numbers = ['int', 'uint', 'double'] as const satisfies readonly TypeName[];
const ordered: readonly TypeName[] = [...numbers, 'string', 'bool', 'bytes', 'timestamp', 'duration'];
const isNumber = (type: TypeName) => type === 'number' || numbers.some((each) => each === type);

/** Numbers of every kind compare with each other, all else with its like. */
const comparison: readonly Signature[] = ordered.flatMap((left) =>
  ordered
    .filter((right) => left === right || (isNumber(left) && isNumber(right)))
    .map((right) => of('bool', left, right)),
);
const arithmetic = [
  ...numbers.map((type) => of(type, type, type)),
  of('double', 'int', 'double'),
  of('double', 'double', 'int'),
];
const times = [of('duration', 'duration', 'duration'), of('timestamp', 'timestamp', 'duration')];
const dates = ['getFullYear', 'getMonth', 'getDayOfMonth', 'getDate', 'getDayOfWeek', 'getDayOfYear'];
const clocks = ['getHours', 'getMinutes', 'getSeconds', 'getMilliseconds'];
const sized: readonly TypeName[] = ['string', 'bytes', 'list', 'map'];
const convertible: readonly TypeName[] = [...numbers, 'string'];

/** Every function and operator that may stand in an expression. Equality and logic are checked by their own rules. */
export const signatures: ReadonlyMap<string, readonly Signature[]> = new Map<string, readonly Signature[]>([
  ['_<_', comparison],
  ['_<=_', comparison],
  ['_>_', comparison],
  ['_>=_', comparison],
  [
    '_+_',
    [
      ...arithmetic,
      ...times,
      of('string', 'string', 'string'),
      of('bytes', 'bytes', 'bytes'),
      of('list', 'list', 'list'),
      of('timestamp', 'duration', 'timestamp'),
    ],
  ],
  ['_-_', [...arithmetic, ...times, of('duration', 'timestamp', 'timestamp')]],
  ['_*_', arithmetic],
  ['_/_', arithmetic],
  ['_%_', [of('int', 'int', 'int'), of('uint', 'uint', 'uint')]],
  ['-_', [of('int', 'int'), of('double', 'double')]],
  ['_[_]', [of('dyn', 'list', 'int'), of('dyn', 'list', 'uint'), of('dyn', 'list', 'double'), of('dyn', 'map', 'dyn')]],
  ['@in', [of('bool', 'dyn', 'list'), of('bool', 'dyn', 'map')]],
  ['size', sized.flatMap((type) => [of('int', type), method(type, 'int')])],
  ...['contains', 'startsWith', 'endsWith', 'matches'].map((name): [string, readonly Signature[]] => [
    name,
    [method('string', 'bool', 'string')],
  ]),
  ['int', [...convertible, 'timestamp' as const].map((type) => of('int', type))],
  ['uint', convertible.map((type) => of('uint', type))],
  ['double', convertible.map((type) => of('double', type))],
  ['bool', [of('bool', 'bool'), of('bool', 'string')]],
  ['string', ordered.map((type) => of('string', type))],
  ['bytes', [of('bytes', 'string'), of('bytes', 'bytes')]],
  ['timestamp', [of('timestamp', 'string'), of('timestamp', 'timestamp'), of('timestamp', 'int')]],
  ['duration', [of('duration', 'string'), of('duration', 'duration')]],
  ['type', [of('type', 'dyn')]],
  ['dyn', [of('dyn', 'dyn')]],
  ...dates.map((name): [string, readonly Signature[]] => [
    name,
    [method('timestamp', 'int'), method('timestamp', 'int', 'string')],
  ]),
  ...clocks.map((name): [string, readonly Signature[]] => [
    name,
    [method('timestamp', 'int'), method('timestamp', 'int', 'string'), method('duration', 'int')],
  ]),
]);

/** Names of types, which stand for themselves: `type(input.x) == string`. */
export const typeNames: ReadonlySet<string> = new Set([
  ...['bool', 'int', 'uint', 'double', 'string', 'bytes', 'null_type', 'list', 'map', 'type'],
]);

/** Whether a value of the one type may turn out to be of the other. */
export function fits(actual: TypeName, wanted: TypeName): boolean {
  if (actual === wanted || actual === 'dyn' || wanted === 'dyn') return true;
  return actual === 'number' ? isNumber(wanted) : wanted === 'number' && isNumber(actual);
}

/** Whether the two can ever be equal. */
export function comparable(left: TypeName, right: TypeName): boolean {
  return fits(left, right) || left === 'null' || right === 'null' || (isNumber(left) && isNumber(right));
}

/** What several possible results have in common. */
export function common(results: readonly TypeName[]): TypeName {
  const [first = 'dyn'] = results;
  if (results.every((each) => each === first)) return first;
  return results.every(isNumber) ? 'number' : 'dyn';
}
